resource "yandex_kms_symmetric_key" "states" {
  name                = "aistudio-${var.environment}-states"
  folder_id           = var.folder_id
  labels              = local.labels
  default_algorithm   = "AES_256"
  rotation_period     = "8760h"
  deletion_protection = true

  lifecycle {
    prevent_destroy = true # every state would go with it
  }
}

resource "yandex_kms_symmetric_key_iam_member" "deployer" {
  symmetric_key_id = yandex_kms_symmetric_key.states.id
  role             = "kms.keys.encrypterDecrypter"
  member           = "serviceAccount:${yandex_iam_service_account.deployer.id}"
}

resource "yandex_storage_bucket" "states" {
  bucket    = var.state_bucket
  folder_id = var.folder_id
  tags      = local.labels

  versioning {
    enabled = true
  }

  anonymous_access_flags {
    read        = false
    list        = false
    config_read = false
  }

  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        kms_master_key_id = yandex_kms_symmetric_key.states.id
        sse_algorithm     = "aws:kms"
      }
    }
  }

  lifecycle_rule {
    id      = "old-states"
    enabled = true

    noncurrent_version_expiration {
      days = 90
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Not encrypted with a key of ours: the platform reads packages when it builds versions, and they hold no secret.
# Nothing expires: any release may be rolled back to. The name of an object is its content's sha256, so none changes.
resource "yandex_storage_bucket" "packages" {
  bucket    = var.package_bucket
  folder_id = var.folder_id
  tags      = local.labels

  versioning {
    enabled = true
  }

  anonymous_access_flags {
    read        = false
    list        = false
    config_read = false
  }

  lifecycle_rule {
    id                                     = "broken-uploads"
    enabled                                = true
    abort_incomplete_multipart_upload_days = 1
  }

  lifecycle {
    prevent_destroy = true
  }
}
