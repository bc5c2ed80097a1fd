backup_bucket  = "example-aistudio-prod-backups"
results_bucket = "example-aistudio-prod-results"

log_retention_days = 30
backup_days        = 90

# ledger_writers = ["serviceAccount:<id>"] # programs of your own that place legal holds
