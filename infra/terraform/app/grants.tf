# Queues have no access rules of their own, so ymq.* is granted on the folder: the only roles on it, by policy test.
# The trigger account writes only where timers are deployed: their dlq block sends as it.
resource "yandex_resourcemanager_folder_iam_member" "trigger" {
  for_each = toset(concat(["ymq.reader"], length(local.timed) > 0 ? ["ymq.writer"] : []))

  folder_id = var.platform.folder_id
  role      = each.key
  member    = "serviceAccount:${var.platform.trigger_account_id}"
}

resource "yandex_resourcemanager_folder_iam_member" "sender" {
  for_each = local.accounts

  folder_id = var.platform.folder_id
  role      = "ymq.writer"
  member    = "serviceAccount:${var.platform.accounts[each.key].id}"
}

locals {
  aistudio_grants = {
    for pair in distinct(flatten([
      for function in values(local.functions) : [
        for role in function.roles : { account = function.account, role = role }
      ]
    ])) : "${pair.account}:${pair.role}" => pair
  }
}

resource "yandex_resourcemanager_folder_iam_member" "aistudio" {
  for_each = length(var.api_keys) == 0 ? local.aistudio_grants : {} # with keys, the keys' own accounts are asked

  folder_id = var.platform.aistudio_folder_id
  role      = each.value.role
  member    = "serviceAccount:${var.platform.accounts[each.value.account].id}"
}

resource "yandex_lockbox_secret_iam_member" "api_key" {
  for_each = { for account, secret in var.api_keys : account => secret if contains(local.accounts, account) }

  secret_id = each.value.secret_id
  role      = "lockbox.payloadViewer"
  member    = "serviceAccount:${var.platform.accounts[each.key].id}"
}
