# What seal_receipts writes: each day's receipts and history, and the seal over them. For evidence_days nobody can change or
# delete an object, the deployer and the cloud's administrators included; only whoever may destroy the key it is encrypted
# with can make it unreadable. Nothing expires of itself.
resource "yandex_storage_bucket" "evidence" {
  bucket    = var.evidence_bucket
  folder_id = var.folder_id
  tags      = local.labels

  versioning {
    enabled = true
  }

  object_lock_configuration {
    object_lock_enabled = "Enabled"

    rule {
      default_retention {
        mode = "COMPLIANCE"
        days = var.evidence_days
      }
    }
  }

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

  lifecycle {
    prevent_destroy = true
  }
}

resource "yandex_storage_bucket_iam_binding" "evidence" {
  bucket  = yandex_storage_bucket.evidence.bucket
  role    = "storage.uploader"
  members = [for name in local.writers.evidence : "serviceAccount:${yandex_iam_service_account.runtime[name].id}"]
}

resource "yandex_storage_bucket_iam_binding" "evidence_readers" {
  count = length(var.evidence_readers) > 0 ? 1 : 0 # a binding has members

  bucket  = yandex_storage_bucket.evidence.bucket
  role    = "storage.viewer"
  members = var.evidence_readers
}
