# What is kept in Object Storage: copies of the ledger, and results too large for a message.
resource "yandex_kms_symmetric_key" "data" {
  name                = "${local.prefix}-data"
  folder_id           = var.folder_id
  labels              = local.labels
  default_algorithm   = "AES_256"
  rotation_period     = "8760h"
  deletion_protection = true
}

resource "yandex_kms_symmetric_key_iam_member" "data" {
  for_each = {
    backup    = yandex_iam_service_account.backup.id
    generator = yandex_iam_service_account.runtime["generator"].id
  }

  symmetric_key_id = yandex_kms_symmetric_key.data.id
  role             = "kms.keys.encrypterDecrypter"
  member           = "serviceAccount:${each.value}"
}
