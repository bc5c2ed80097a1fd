# What is kept in Object Storage: backups of the ledger, evidence, and results too large for a message.
resource "yandex_kms_symmetric_key" "data" {
  name                = "${local.prefix}-data"
  folder_id           = var.folder_id
  labels              = local.labels
  default_algorithm   = "AES_256"
  rotation_period     = "8760h"
  deletion_protection = true

  lifecycle {
    prevent_destroy = true # every copy and every large result would go with it
  }
}

# Enough to write, as each does with a single PutObject (parts would take decryption). storage.uploader may list the bucket
# and read what it lists; without the key it reads no content.
resource "yandex_kms_symmetric_key_iam_member" "data" {
  for_each = merge(
    { backup = yandex_iam_service_account.backup.id },
    { for name in local.writers.results : name => yandex_iam_service_account.runtime[name].id },
  )

  symmetric_key_id = yandex_kms_symmetric_key.data.id
  role             = "kms.keys.encrypter"
  member           = "serviceAccount:${each.value}"
}

# What seals reads the day before: it looks for what was written after that day was sealed.
resource "yandex_kms_symmetric_key_iam_member" "evidence" {
  for_each = local.writers.evidence

  symmetric_key_id = yandex_kms_symmetric_key.data.id
  role             = "kms.keys.encrypterDecrypter"
  member           = "serviceAccount:${yandex_iam_service_account.runtime[each.key].id}"
}

resource "yandex_kms_symmetric_key_iam_member" "evidence_readers" {
  for_each = toset(var.evidence_readers)

  symmetric_key_id = yandex_kms_symmetric_key.data.id
  role             = "kms.keys.decrypter"
  member           = each.value
}
