# A function that does what its message says, with a queue and a trigger of its own: by it `ops doctor --live` finds out
# what the queue trigger honours. It stands beside app, whose grant lets the trigger account read queues.
locals {
  name    = "aistudio-${var.platform.environment}-trigger-probe"
  timeout = 5
  batch   = { batch_size = 1, batch_cutoff = 0 }
}

# What the trigger brought back too often ends here, by the queue's own policy, and is counted here.
resource "yandex_message_queue" "returned" {
  name                       = "${local.name}-returned"
  message_retention_seconds  = 7200
  visibility_timeout_seconds = 30
}

module "queue" {
  source = "../modules/queue"

  name         = local.name
  timeout      = local.timeout
  queue        = merge(local.batch, { max_receives = 5, max_message_size = 1024, retention = 3600 })
  dead_letters = { arn = yandex_message_queue.returned.arn, retention = 7200 }
}

module "function" {
  source = "../modules/function"

  name                  = local.name
  folder_id             = var.platform.folder_id
  code                  = { entrypoint = "trigger_probe.handler", memory = 128, timeout = local.timeout, instances = 1 }
  queue                 = merge(local.batch, { arn = module.queue.arn, url = module.queue.url })
  package               = { bucket = var.platform.package_bucket, sha256 = var.sha256, folder = "probe" }
  settings              = {}
  settle_margin         = 1
  service_account_id    = var.platform.accounts["keeper"].id # reads the package, as all accounts do
  trigger_account_id    = var.platform.trigger_account_id
  log_group_id          = var.platform.log_group_id
  dead_letter_queue_url = yandex_message_queue.returned.id
}
