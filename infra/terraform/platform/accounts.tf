# One account a privilege, not one a function: what only deletes can't generate, what generates can't be billed for
# by what deletes, and what calls functions can do nothing else. Their roles on the folders are granted in app,
# by what is deployed.
resource "yandex_iam_service_account" "runtime" {
  for_each = toset(["deleter", "generator"])

  name      = "${local.prefix}-${each.key}"
  folder_id = var.folder_id
}

resource "yandex_iam_service_account" "trigger" {
  name      = "${local.prefix}-trigger"
  folder_id = var.folder_id
}

resource "yandex_iam_service_account" "backup" {
  name      = "${local.prefix}-backup"
  folder_id = var.folder_id
}
