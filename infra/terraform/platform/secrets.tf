# Queues take static keys only. The key goes straight to Lockbox; the state has neither half of it.
resource "yandex_lockbox_secret" "key" {
  for_each = local.keyed

  name                = "${local.prefix}-${each.key}-key"
  folder_id           = var.folder_id
  labels              = local.labels
  deletion_protection = true
}

resource "yandex_iam_service_account_static_access_key" "runtime" {
  for_each = local.keyed

  service_account_id = yandex_iam_service_account.runtime[each.key].id

  output_to_lockbox {
    secret_id            = yandex_lockbox_secret.key[each.key].id
    entry_for_access_key = "AWS_ACCESS_KEY_ID"
    entry_for_secret_key = "AWS_SECRET_ACCESS_KEY"
  }
}

# Lockbox makes the value itself, and the provider reads it without keeping it. It has to outlive the ledger:
# with another key every record is unknown.
resource "yandex_lockbox_secret" "hash_key" {
  name                = "${local.prefix}-hash-key"
  folder_id           = var.folder_id
  labels              = local.labels
  deletion_protection = true

  password_payload_specification {
    password_key        = "HASH_KEY"
    length              = 64
    include_uppercase   = true
    include_lowercase   = true
    include_digits      = true
    include_punctuation = false
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "yandex_lockbox_secret_version" "hash_key" {
  secret_id = yandex_lockbox_secret.hash_key.id

  lifecycle {
    prevent_destroy = true
  }
}

resource "yandex_lockbox_secret_iam_member" "key" {
  for_each = local.keyed

  secret_id   = yandex_lockbox_secret.key[each.key].id
  role        = "lockbox.payloadViewer"
  member      = "serviceAccount:${yandex_iam_service_account.runtime[each.key].id}"
  sleep_after = 30 # a role works some 20 s after it was given; a deployment may follow at once

  lifecycle {
    ignore_changes = [sleep_after] # it would replace a grant that exists
  }
}

resource "yandex_lockbox_secret_iam_member" "hash_key" {
  for_each = local.hashing

  secret_id   = yandex_lockbox_secret.hash_key.id
  role        = "lockbox.payloadViewer"
  member      = "serviceAccount:${yandex_iam_service_account.runtime[each.key].id}"
  sleep_after = 30

  lifecycle {
    ignore_changes = [sleep_after]
  }
}
