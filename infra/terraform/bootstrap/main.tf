locals {
  labels = { project = "aistudio-functions", environment = var.environment }

  # What applying platform and app takes, service by service. "admin" of a service is what lets it grant that service's
  # roles: on the database, the secrets, the functions, the folder.
  deployer_roles = toset([
    "functions.admin",
    "iam.serviceAccounts.admin",
    "iam.serviceAccounts.user",
    "kms.admin",
    "lockbox.admin",
    "lockbox.payloadViewer", # the provider reads the payload of each version that it manages, to see that it is there
    "logging.editor",
    "monitoring.editor",
    "resource-manager.admin",
    "storage.admin",
    "ydb.admin",
    "ymq.admin",
  ])
}

resource "yandex_iam_service_account" "deployer" {
  name      = "aistudio-${var.environment}-deployer"
  folder_id = var.folder_id
}

resource "yandex_resourcemanager_folder_iam_member" "deployer" {
  for_each = local.deployer_roles

  folder_id = var.folder_id
  role      = each.key
  member    = "serviceAccount:${yandex_iam_service_account.deployer.id}"
}

# To give the functions' accounts their roles on AI Studio.
resource "yandex_resourcemanager_folder_iam_member" "deployer_aistudio" {
  count = var.aistudio_folder_id == var.folder_id ? 0 : 1

  folder_id = var.aistudio_folder_id
  role      = "resource-manager.admin"
  member    = "serviceAccount:${yandex_iam_service_account.deployer.id}"
}

# States, queues and document tables are reached through AWS-compatible APIs, which take static keys only.
# The key goes straight to Lockbox; the state has neither half of it.
resource "yandex_lockbox_secret" "deployer_key" {
  name                = "aistudio-${var.environment}-deployer-key"
  folder_id           = var.folder_id
  labels              = local.labels
  deletion_protection = true
}

resource "yandex_iam_service_account_static_access_key" "deployer" {
  service_account_id = yandex_iam_service_account.deployer.id

  output_to_lockbox {
    secret_id            = yandex_lockbox_secret.deployer_key.id
    entry_for_access_key = "AWS_ACCESS_KEY_ID"
    entry_for_secret_key = "AWS_SECRET_ACCESS_KEY"
  }
}
