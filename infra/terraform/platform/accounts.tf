# One account a privilege (functions.yaml, accounts), not one a function. What calls functions can do nothing else. Roles
# on the folders are granted in app, by what is deployed. There ymq.writer reaches every queue of the folder: it bounds
# what an account calls itself, not what its messages may cause (README.md, "Who may do what").
module "table" {
  source = "../modules/table"
}

locals {
  table    = module.table.table
  accounts = local.table.accounts

  # What each account's functions take out of Lockbox.
  secrets_of = {
    for name in keys(local.accounts) : name => toset(flatten([
      for function in values(local.table.functions) : values(try(function.secrets, {})) if function.account == name
    ]))
  }
  keyed   = toset([for name, secrets in local.secrets_of : name if length(setintersection(secrets, ["account_key_id", "account_key_secret"])) > 0])
  hashing = toset([for name, secrets in local.secrets_of : name if contains(secrets, "hash_key")])
  writers = { for kind in ["ledger", "results", "evidence"] : kind => toset([for name, account in local.accounts : name if contains(account.writes, kind)]) }
}

resource "yandex_iam_service_account" "runtime" {
  for_each = local.accounts

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

# The version of a function whose package lies in a bucket is made by the function's own account, which has to read it.
resource "yandex_storage_bucket_iam_binding" "packages" {
  bucket  = var.package_bucket
  role    = "storage.viewer"
  members = [for account in values(yandex_iam_service_account.runtime) : "serviceAccount:${account.id}"]
}
