backup_bucket   = "example-aistudio-dev-backups"
results_bucket  = "example-aistudio-dev-results"
evidence_bucket = "example-aistudio-dev-evidence"
