# One dead-letter queue for all: a new cloud has ten queues. A dead letter's "function" attribute says where it came from.
resource "yandex_message_queue" "dead_letters" {
  name                       = "${local.prefix}-dead-letters"
  message_retention_seconds  = 1209600 # 14 days, the most there is: time to look, mend and redrive
  visibility_timeout_seconds = 300
  max_message_size           = 262144
  receive_wait_time_seconds  = 20

  lifecycle {
    prevent_destroy = true # with the messages in it
  }
}

# Consumers of results are not ours; what they can't take ends where the rest does.
resource "yandex_message_queue" "results" {
  name                       = "${local.prefix}-results"
  message_retention_seconds  = 345600
  visibility_timeout_seconds = 300
  max_message_size           = 262144
  receive_wait_time_seconds  = 20

  redrive_policy = jsonencode({
    deadLetterTargetArn = yandex_message_queue.dead_letters.arn
    maxReceiveCount     = 10
  })

  lifecycle {
    prevent_destroy = true
  }
}

locals {
  dead_letters = {
    arn       = yandex_message_queue.dead_letters.arn
    retention = yandex_message_queue.dead_letters.message_retention_seconds
  }
}
