# What calls the function: its queue, or the clock.
resource "yandex_function_trigger" "this" {
  name      = var.name
  folder_id = var.folder_id
  labels    = var.labels

  dynamic "message_queue" {
    for_each = var.queue[*]

    content {
      queue_id           = message_queue.value.arn
      service_account_id = var.trigger_account_id
      batch_size         = tostring(message_queue.value.batch_size)
      batch_cutoff       = tostring(message_queue.value.batch_cutoff)
    }
  }

  dynamic "timer" {
    for_each = var.schedule[*]

    content {
      cron_expression = timer.value
    }
  }

  # A queue's own policy tries again and gives up; the provider refuses retries and a dlq block beside it at apply.
  # A timer's event says nothing that the next one does not: the trigger tries three times, and no dead letter is kept.
  function {
    id                 = yandex_function.this.id
    service_account_id = var.trigger_account_id
    retry_attempts     = var.schedule == null ? null : "3"
    retry_interval     = var.schedule == null ? null : "60"
  }

  depends_on = [yandex_function_iam_member.invoker]
}
