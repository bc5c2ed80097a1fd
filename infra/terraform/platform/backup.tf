# YDB copies the database every day and keeps two copies, at no charge. A mistake found later needs more: `make backup`
# (from a scheduler, daily) writes the tables here, and for backup_days nobody can delete or change what it wrote; only
# whoever may destroy the key it is encrypted with can make it unreadable.
resource "yandex_storage_bucket" "backups" {
  bucket    = var.backup_bucket
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
        days = var.backup_days
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

  lifecycle_rule {
    id      = "old-copies"
    enabled = true

    expiration {
      days = 4 * var.backup_days
    }

    noncurrent_version_expiration {
      days = 1
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "yandex_storage_bucket_iam_binding" "backup" {
  bucket  = yandex_storage_bucket.backups.bucket
  role    = "storage.uploader"
  members = ["serviceAccount:${yandex_iam_service_account.backup.id}"]
}

resource "yandex_lockbox_secret" "backup_key" {
  name                = "${local.prefix}-backup-key"
  folder_id           = var.folder_id
  labels              = local.labels
  deletion_protection = true
}

resource "yandex_iam_service_account_static_access_key" "backup" {
  service_account_id = yandex_iam_service_account.backup.id

  output_to_lockbox {
    secret_id            = yandex_lockbox_secret.backup_key.id
    entry_for_access_key = "AWS_ACCESS_KEY_ID"
    entry_for_secret_key = "AWS_SECRET_ACCESS_KEY"
  }
}
