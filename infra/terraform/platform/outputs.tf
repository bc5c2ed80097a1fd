output "platform" {
  description = "What app has to know (its variable of the same name). Nothing in it is secret."
  value = {
    environment           = var.environment
    cloud_id              = var.cloud_id
    folder_id             = var.folder_id
    aistudio_folder_id    = var.aistudio_folder_id
    table_prefix          = var.table_prefix
    document_api_endpoint = yandex_ydb_database_serverless.this.document_api_endpoint
    log_group_id          = yandex_logging_group.this.id
    trigger_account_id    = yandex_iam_service_account.trigger.id
    package_bucket        = var.package_bucket
    results_bucket        = yandex_storage_bucket.results.bucket
    evidence_bucket       = yandex_storage_bucket.evidence.bucket

    accounts = {
      for name, account in yandex_iam_service_account.runtime : name => {
        id             = account.id
        key_secret_id  = try(yandex_lockbox_secret.key[name].id, "") # none where no function of the account takes a key
        key_version_id = try(yandex_iam_service_account_static_access_key.runtime[name].output_to_lockbox_version_id, "")
      }
    }

    hash_key = {
      secret_id  = yandex_lockbox_secret.hash_key.id
      version_id = yandex_lockbox_secret_version.hash_key.id
    }
  }
}

output "tables" {
  description = "The document tables."
  value       = module.tables.names
}

output "backup" {
  description = "The environment of a job that copies the ledger, but for the key. Nothing in it is secret."
  value = {
    BACKUP_BUCKET       = yandex_storage_bucket.backups.bucket
    LEDGER_TABLE_PREFIX = var.table_prefix
    YDB_DOCAPI_ENDPOINT = yandex_ydb_database_serverless.this.document_api_endpoint
  }
}

output "backup_key_secret_id" {
  description = "The Lockbox secret with the static key that writes backups of the ledger."
  value       = yandex_lockbox_secret.backup_key.id
}
