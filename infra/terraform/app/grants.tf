# Queues have no access rules of their own, so ymq.* is granted on the folder: the only roles on it, by policy test.
# ymq.writer therefore reaches every queue of the folder: what deletes could send to a queue whose messages are billed
# (README.md, "Who may do what").
# A role works some 20 s after it was given. Only a new grant waits: a changed sleep_after would replace an old one.
resource "yandex_resourcemanager_folder_iam_member" "trigger" {
  folder_id   = var.platform.folder_id
  role        = "ymq.reader"
  member      = "serviceAccount:${var.platform.trigger_account_id}"
  sleep_after = 30

  lifecycle {
    ignore_changes = [sleep_after]
  }
}

# A sweep asks how much waits in the queues that it sends to, which ymq.writer does not let it see.
resource "yandex_resourcemanager_folder_iam_member" "sweeper" {
  for_each = toset([for function in values(local.functions) : function.account if can(function.schedule) && length(setsubtract(try(function.sends_to, []), ["results"])) > 0])

  folder_id   = var.platform.folder_id
  role        = "ymq.reader"
  member      = "serviceAccount:${var.platform.accounts[each.value].id}"
  sleep_after = 30

  lifecycle {
    ignore_changes = [sleep_after]
  }
}

locals {
  senders = toset([
    for name, function in local.functions : function.account if contains(local.queued, name) || length(local.sends_to[name]) > 0
  ])

  aistudio_grants = {
    for pair in distinct(flatten([
      for function in values(local.functions) : [
        for role in try(function.roles, []) : { account = function.account, role = role }
      ]
    ])) : "${pair.account}:${pair.role}" => pair
  }

  # Secrets that the environment names; platform has granted the accounts' own keys and the hash key.
  secret_grants = merge(
    { for account, secret in var.api_keys : "${account}:api_key" => { account = account, secret_id = secret.secret_id } if contains(local.accounts, account) },
    merge([
      for name, function in local.functions : {
        for secret in values(try(function.secrets, {})) :
        "${function.account}:${secret}" => { account = function.account, secret_id = var.secrets[secret].secret_id }
        if contains(keys(var.secrets), secret)
      }
    ]...),
  )
}

resource "yandex_resourcemanager_folder_iam_member" "sender" {
  for_each = local.senders

  folder_id   = var.platform.folder_id
  role        = "ymq.writer"
  member      = "serviceAccount:${var.platform.accounts[each.key].id}"
  sleep_after = 30

  lifecycle {
    ignore_changes = [sleep_after]
  }
}

resource "yandex_resourcemanager_folder_iam_member" "aistudio" {
  for_each = length(var.api_keys) == 0 ? local.aistudio_grants : {} # with keys, the keys' own accounts are asked

  folder_id   = var.platform.aistudio_folder_id
  role        = each.value.role
  member      = "serviceAccount:${var.platform.accounts[each.value.account].id}"
  sleep_after = 30

  lifecycle {
    ignore_changes = [sleep_after]
  }
}

resource "yandex_lockbox_secret_iam_member" "secret" {
  for_each = local.secret_grants

  secret_id   = each.value.secret_id
  role        = "lockbox.payloadViewer"
  member      = "serviceAccount:${var.platform.accounts[each.value.account].id}"
  sleep_after = 30

  lifecycle {
    ignore_changes = [sleep_after]
  }
}
