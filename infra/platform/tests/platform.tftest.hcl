mock_provider "yandex" {
  mock_resource "yandex_ydb_database_serverless" {
    defaults = { document_api_endpoint = "https://docapi.test/ru-central1/b1gcloud/etn" }
  }
}

mock_provider "aws" {}

variables {
  environment        = "test"
  cloud_id           = "b1gcloud"
  folder_id          = "b1gfolder"
  aistudio_folder_id = "b1gaistudio"
  package_bucket     = "test-packages"
  backup_bucket      = "test-backups"
  results_bucket     = "test-results"
}

run "keys_stay_in_lockbox_and_what_holds_receipts_is_protected" {
  command = plan

  assert {
    condition     = contains(output.tables, "aistudio/ledger")
    error_message = "Unexpected: ${join(", ", output.tables)}."
  }

  assert {
    condition     = alltrue([for key in yandex_iam_service_account_static_access_key.runtime : length(key.output_to_lockbox) == 1])
    error_message = "A key without output_to_lockbox stands in the state."
  }

  assert {
    condition     = length(yandex_lockbox_secret_iam_member.key) == 2 && alltrue([for grant in yandex_lockbox_secret_iam_member.key : grant.role == "lockbox.payloadViewer"])
    error_message = "One grant an account."
  }

  assert {
    condition     = yandex_lockbox_secret.hash_key.password_payload_specification[0].password_key == "HASH_KEY" && length(yandex_lockbox_secret_version.hash_key.entries) == 0
    error_message = "An entry would stand in the state."
  }

  assert {
    condition     = yandex_ydb_database_serverless.this.deletion_protection && yandex_lockbox_secret.hash_key.deletion_protection
    error_message = "Without the hash key every row is unknown."
  }

  assert {
    condition     = yandex_storage_bucket.backups.object_lock_configuration[0].rule[0].default_retention[0].mode == "COMPLIANCE" && yandex_storage_bucket.backups.versioning[0].enabled
    error_message = "A copy that can be deleted does not outlive a mistake."
  }

  assert {
    condition     = yandex_ydb_database_iam_binding.readers.role == "ydb.viewer" && yandex_storage_bucket_iam_binding.backup.role == "storage.uploader"
    error_message = "It reads there and writes here."
  }

  assert {
    condition     = yandex_storage_bucket_iam_binding.results.role == "storage.uploader" && length(yandex_storage_bucket_iam_binding.results.members) == 1
    error_message = "It writes, and neither reads nor deletes."
  }
}

run "refuses_copies_that_reach_back_no_further_than_ydb_s_own" {
  command = plan

  variables {
    backup_days = 2
  }

  expect_failures = [var.backup_days]
}

run "refuses_numbers_that_the_services_refuse" {
  command = plan

  variables {
    throttling_rcu_limit = -1
    storage_size_limit   = 0
    log_retention_days   = 32
    backup_bucket        = "Backups"
    results_bucket       = "Results"
    results_days         = 18
    environment          = "Test"
  }

  expect_failures = [var.throttling_rcu_limit, var.storage_size_limit, var.log_retention_days, var.backup_bucket, var.results_bucket, var.results_days, var.environment]
}
