module "queue_function" {
  source   = "../modules/queue_function"
  for_each = local.queued

  name               = local.resource_names[each.key]
  folder_id          = var.platform.folder_id
  code               = each.value
  queue              = each.value.queue
  dead_letters       = local.dead_letters
  package            = { bucket = var.platform.package_bucket, sha256 = var.release }
  settings           = { for key, value in local.settings[each.key] : key => value if value != null }
  wiring             = { RESULTS_QUEUE_URL = yandex_message_queue.results.id }
  secrets            = local.secrets[each.key]
  service_account_id = var.platform.accounts[each.value.account].id
  trigger_account_id = var.platform.trigger_account_id
  log_group_id       = var.platform.log_group_id
  labels             = merge(local.labels, { function = each.key })

  # A trigger that may not read its queue is refused, and so is a version whose account may not read its secrets.
  depends_on = [yandex_resourcemanager_folder_iam_member.trigger, yandex_lockbox_secret_iam_member.api_key]
}

module "timer_function" {
  source   = "../modules/timer_function"
  for_each = local.timed

  name               = local.resource_names[each.key]
  folder_id          = var.platform.folder_id
  code               = each.value
  schedule           = each.value.schedule
  dead_letters       = local.dead_letters
  package            = { bucket = var.platform.package_bucket, sha256 = var.release }
  settings           = { for key, value in local.settings[each.key] : key => value if value != null }
  wiring             = { RESULTS_QUEUE_URL = yandex_message_queue.results.id }
  secrets            = local.secrets[each.key]
  service_account_id = var.platform.accounts[each.value.account].id
  trigger_account_id = var.platform.trigger_account_id
  log_group_id       = var.platform.log_group_id
  labels             = merge(local.labels, { function = each.key })

  depends_on = [yandex_resourcemanager_folder_iam_member.trigger, yandex_lockbox_secret_iam_member.api_key]
}

locals {
  deployed     = merge(module.queue_function, module.timer_function)
  function_ids = { for name, function in local.deployed : name => function.function_id }
}
