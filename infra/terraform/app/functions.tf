module "queue" {
  source   = "../modules/queue"
  for_each = local.queued

  name         = local.resource_names[each.key]
  timeout      = local.functions[each.key].timeout
  queue        = local.functions[each.key].queue
  dead_letters = local.dead_letters
}

module "function" {
  source   = "../modules/function"
  for_each = local.functions

  name               = local.resource_names[each.key]
  folder_id          = var.platform.folder_id
  code               = each.value
  queue              = lookup(local.queues, each.key, null)
  schedule           = try(each.value.schedule, null)
  package            = { bucket = var.platform.package_bucket, sha256 = local.releases[each.key] }
  settings           = { for key, value in local.settings[each.key] : key => value if value != null }
  wiring             = local.wiring[each.key]
  secrets            = local.secrets[each.key]
  service_account_id = var.platform.accounts[each.value.account].id
  trigger_account_id = var.platform.trigger_account_id
  log_group_id       = var.platform.log_group_id
  labels             = merge(local.labels, { function = each.key })

  dead_letter_queue_url = yandex_message_queue.dead_letters.id

  # A trigger that may not read its queue is refused, and so is a version whose account may not read its secrets.
  depends_on = [yandex_resourcemanager_folder_iam_member.trigger, yandex_lockbox_secret_iam_member.secret]
}

locals {
  function_ids = { for name, function in module.function : name => function.function_id }

  queues = {
    for name, queue in module.queue : name => {
      arn          = queue.arn
      url          = queue.url
      batch_size   = local.functions[name].queue.batch_size
      batch_cutoff = local.functions[name].queue.batch_cutoff
    }
  }

  wiring = {
    for name in keys(local.functions) : name => merge(
      contains(local.results, name) ? { RESULTS_QUEUE_URL = yandex_message_queue.results.id } : {},
      { for target in local.sends_to[name] : "${upper(target)}_QUEUE_URL" => module.queue[target].url if target != "results" },
    )
  }
}
