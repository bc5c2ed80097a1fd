backup_bucket   = "example-aistudio-prod-backups"
results_bucket  = "example-aistudio-prod-results"
evidence_bucket = "example-aistudio-prod-evidence"

log_retention_days = 30
backup_days        = 90
evidence_days      = 1826 # five years: nobody can shorten it for what is there

# evidence_readers = ["group:<id>"] # who exports what is sealed
# ledger_writers = ["serviceAccount:<id>"] # programs of your own that place legal holds
