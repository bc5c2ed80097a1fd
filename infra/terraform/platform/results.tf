# Results of more than 240 KiB travel by claim check: the message names the object. Nothing here outlives what may still
# name it: four days in the results queue, and fourteen among the dead letters.
resource "yandex_storage_bucket" "results" {
  bucket    = var.results_bucket
  folder_id = var.folder_id
  tags      = local.labels

  anonymous_access_flags {
    read        = false
    list        = false
    config_read = false
  }

  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        kms_master_key_id = yandex_kms_symmetric_key.data.id
        sse_algorithm     = "aws:kms"
      }
    }
  }

  lifecycle_rule {
    id      = "read-or-forgotten"
    enabled = true

    expiration {
      days = var.results_days
    }
  }
}

resource "yandex_storage_bucket_iam_binding" "results" {
  bucket  = yandex_storage_bucket.results.bucket
  role    = "storage.uploader"
  members = [for name in local.writers.results : "serviceAccount:${yandex_iam_service_account.runtime[name].id}"]
}
