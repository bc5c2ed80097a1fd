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
  evidence_bucket    = "test-evidence"
}

run "keys_stay_in_lockbox_and_nothing_may_be_read_or_lost_that_need_not" {
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
    condition = { for name, grant in yandex_lockbox_secret_iam_member.key : name => grant.role } == {
      for name in keys(local.table.accounts) : name => "lockbox.payloadViewer"
      if anytrue([for function in values(local.table.functions) : function.account == name && contains(values(try(function.secrets, {})), "account_key_id")])
    }
    error_message = "One grant for each account whose functions take its key."
  }

  assert {
    condition     = yandex_lockbox_secret.hash_key.password_payload_specification[0].password_key == "HASH_KEY" && length(yandex_lockbox_secret_version.hash_key.entries) == 0
    error_message = "An entry would stand in the state."
  }

  assert {
    condition     = yandex_ydb_database_serverless.this.deletion_protection && yandex_lockbox_secret.hash_key.deletion_protection
    error_message = "Without the hash key every record is unknown."
  }

  assert {
    condition     = yandex_storage_bucket.backups.object_lock_configuration[0].rule[0].default_retention[0].mode == "COMPLIANCE" && yandex_storage_bucket.backups.versioning[0].enabled
    error_message = "A copy that can be deleted does not outlive a mistake."
  }

  assert {
    condition     = yandex_storage_bucket.evidence.object_lock_configuration[0].rule[0].default_retention[0].mode == "COMPLIANCE" && yandex_storage_bucket.evidence.versioning[0].enabled && length(yandex_storage_bucket.evidence.lifecycle_rule) == 0
    error_message = "What can be deleted, or expires, proves nothing."
  }

  assert {
    condition     = yandex_storage_bucket_iam_binding.evidence.role == "storage.uploader" && length(yandex_storage_bucket_iam_binding.evidence_readers) == 0
    error_message = "What seals deletes nothing, and nobody else reads what is sealed."
  }

  assert {
    condition     = { for name, grant in yandex_kms_symmetric_key_iam_member.evidence : name => grant.role } == { sealer = "kms.keys.encrypterDecrypter" }
    error_message = "What seals reads what it sealed the day before; no other function decrypts."
  }

  assert {
    condition     = yandex_ydb_database_iam_binding.readers.role == "ydb.viewer" && yandex_storage_bucket_iam_binding.backup.role == "storage.uploader"
    error_message = "It reads the database and changes nothing in it."
  }

  assert {
    condition     = yandex_storage_bucket_iam_binding.results.role == "storage.uploader"
    error_message = "What writes results deletes none."
  }

  assert {
    condition     = yandex_storage_bucket_iam_binding.packages.bucket == "test-packages" && yandex_storage_bucket_iam_binding.packages.role == "storage.viewer"
    error_message = "The version of a function is made by its account, which reads the package."
  }

  assert {
    condition = { for name, grant in yandex_kms_symmetric_key_iam_member.data : name => grant.role } == merge(
      { backup = "kms.keys.encrypter" },
      { for name, account in local.table.accounts : name => "kms.keys.encrypter" if contains(account.writes, "results") },
    )
    error_message = "storage.uploader lists and reads; only the key, which it may not decrypt with, keeps content from it."
  }

  assert {
    condition     = alltrue([for bucket in [yandex_storage_bucket.results, yandex_storage_bucket.backups, yandex_storage_bucket.evidence] : one(one(one(bucket.server_side_encryption_configuration).rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"])
    error_message = "What is not encrypted can be read without the key."
  }
}

run "who_exports_reads_what_is_sealed_and_nothing_else" {
  command = plan

  variables {
    evidence_readers = ["group:ajeauditors"]
  }

  assert {
    condition     = yandex_storage_bucket_iam_binding.evidence_readers[0].bucket == "test-evidence" && yandex_storage_bucket_iam_binding.evidence_readers[0].role == "storage.viewer"
    error_message = "They read the bucket."
  }

  assert {
    condition     = values(yandex_kms_symmetric_key_iam_member.evidence_readers)[*].role == ["kms.keys.decrypter"]
    error_message = "They decrypt what is in it."
  }
}

run "refuses_a_writer_or_reader_that_is_no_member" {
  command = plan

  variables {
    ledger_writers   = ["ajeholds"]
    evidence_readers = ["ajeauditors"]
  }

  expect_failures = [var.ledger_writers, var.evidence_readers]
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
    evidence_bucket      = "Evidence"
    evidence_days        = 0
    results_days         = 18
    environment          = "Test"
  }

  expect_failures = [var.throttling_rcu_limit, var.storage_size_limit, var.log_retention_days, var.backup_bucket, var.results_bucket, var.results_days, var.evidence_bucket, var.evidence_days, var.environment]
}
