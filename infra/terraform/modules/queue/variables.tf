variable "name" {
  description = "The queue's name: that of the function which it feeds."
  type        = string
}

variable "timeout" {
  description = "The function's timeout (s)."
  type        = number
}

variable "queue" {
  description = "Batch (messages, s to wait for them), receives before the dead-letter queue, message size (bytes), retention and visibility timeout (s; six function timeouts where absent)."
  type = object({
    batch_size         = number
    batch_cutoff       = number
    max_receives       = number
    max_message_size   = number
    retention          = number
    visibility_timeout = optional(number)
  })

  validation {
    condition     = var.queue.batch_size >= 1 && var.queue.batch_size <= 1000
    error_message = "A trigger's batch has 1 to 1000 messages."
  }

  validation {
    condition     = var.queue.batch_cutoff >= 0 && var.queue.batch_cutoff <= 20
    error_message = "A trigger waits 0 to 20 s for a batch."
  }

  validation {
    condition     = var.queue.max_receives >= 5 && var.queue.max_receives <= 1000
    error_message = "A message is received at least 5 times (at most 1000) before the queue gives it up: crashes and throttled calls eat receives."
  }

  validation {
    condition     = var.queue.max_message_size >= 1024 && var.queue.max_message_size <= 262144
    error_message = "A queue takes messages of up to 1024 to 262144 bytes."
  }

  validation {
    condition     = var.queue.retention >= 60 && var.queue.retention <= 1209600
    error_message = "A queue keeps messages for 60 to 1209600 s."
  }

  validation {
    condition     = var.queue.visibility_timeout == null ? true : var.queue.visibility_timeout >= 1 && var.queue.visibility_timeout <= 43200
    error_message = "A visibility timeout is 1 to 43200 s."
  }
}

variable "dead_letters" {
  description = "The dead-letter queue: ARN, and how long it keeps messages (s)."
  type = object({
    arn       = string
    retention = number
  })
}
