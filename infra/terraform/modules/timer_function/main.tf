module "function" {
  source = "../function"

  name               = var.name
  folder_id          = var.folder_id
  code               = var.code
  package            = var.package
  settings           = var.settings
  secrets            = var.secrets
  service_account_id = var.service_account_id
  invoker_account_id = var.trigger_account_id
  log_group_id       = var.log_group_id
  labels             = var.labels

  wiring = merge(var.wiring, { DEAD_LETTER_QUEUE_URL = var.dead_letters.url })
}

resource "yandex_function_trigger" "this" {
  name      = var.name
  folder_id = var.folder_id
  labels    = var.labels

  timer {
    cron_expression = var.schedule
  }

  # Nothing keeps a timer's event for later, as a queue does: here the trigger itself tries again and gives up.
  function {
    id                 = module.function.id
    service_account_id = var.trigger_account_id
    retry_attempts     = "3"
    retry_interval     = "60"
  }

  dlq {
    queue_id           = var.dead_letters.arn
    service_account_id = var.trigger_account_id
  }
}
