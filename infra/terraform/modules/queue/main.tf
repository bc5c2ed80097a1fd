locals {
  visibility_timeout = coalesce(var.queue.visibility_timeout, 6 * var.timeout)

  # A call carries at most 3.5 MB of JSON. In it a body is a JSON string, where each quotation mark takes two bytes,
  # and each message brings some 2 KB of metadata and attributes.
  request_limit = 3500000
  request_bytes = var.queue.batch_size * (2 * var.queue.max_message_size + 2048)
}

resource "yandex_message_queue" "this" {
  name                       = var.name
  visibility_timeout_seconds = local.visibility_timeout
  message_retention_seconds  = var.queue.retention
  max_message_size           = var.queue.max_message_size
  receive_wait_time_seconds  = 20

  redrive_policy = jsonencode({
    deadLetterTargetArn = var.dead_letters.arn
    maxReceiveCount     = var.queue.max_receives
  })

  lifecycle {
    precondition {
      condition     = local.visibility_timeout >= 6 * var.timeout
      error_message = "Messages of ${var.name} come back after ${local.visibility_timeout} s, while a call of the function may still wait or run: at least six timeouts of ${var.timeout} s."
    }

    precondition {
      condition     = local.request_bytes <= local.request_limit
      error_message = "A full batch of ${var.name} may take ${local.request_bytes} bytes of a request's ${local.request_limit}: lower batch_size or max_message_size."
    }

    precondition {
      condition     = var.queue.retention < var.dead_letters.retention
      error_message = "The dead-letter queue has to keep messages longer than ${var.name} does: their age counts from their first arrival."
    }
  }
}
