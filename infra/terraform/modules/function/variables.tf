variable "name" {
  description = "The name of the function, its queue and its trigger."
  type        = string

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,61}[a-z0-9]$", var.name))
    error_message = "A function's name has 3 to 63 characters: small letters, digits and hyphens, beginning with a letter."
  }
}

variable "folder_id" {
  description = "The folder it is deployed to."
  type        = string
}

variable "code" {
  description = "Entry point, memory (MB), timeout (s), instances in a zone, and the seconds that a call needs to begin where the function calls."
  type = object({
    entrypoint = string
    memory     = number
    timeout    = number
    instances  = number
    call_needs = optional(number, 0)
  })

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$", var.code.entrypoint))
    error_message = "The entry point is file.function, the file in the package's root."
  }

  validation {
    condition     = var.code.memory >= 128 && var.code.memory <= 8192 && var.code.memory % 128 == 0
    error_message = "Memory is 128 to 8192 MB in steps of 128."
  }

  validation {
    condition     = var.code.timeout >= 1 && var.code.timeout <= 600 && floor(var.code.timeout) == var.code.timeout
    error_message = "The timeout is 1 to 600 whole seconds: longer ones are a preview on request."
  }

  validation {
    condition     = var.code.instances >= 1
    error_message = "At least one instance in a zone: 0 would mean no limit."
  }
}

variable "queue" {
  description = "The queue that feeds it: ARN, address, and the trigger's batch (messages, s to wait for them)."
  type = object({
    arn          = string
    url          = string
    batch_size   = number
    batch_cutoff = number
  })
  default = null
}

variable "schedule" {
  description = "When a timer calls it, where no queue feeds it: a cron expression of six fields, in UTC."
  type        = string
  default     = null

  validation {
    condition     = try(length(var.schedule) <= 100 && length(split(" ", var.schedule)) == 6, true)
    error_message = "A timer takes a cron expression of six fields and at most 100 characters, such as \"0 3 ? * * *\"."
  }

  validation {
    condition     = (var.schedule == null) != (var.queue == null)
    error_message = "A function has either a queue or a schedule."
  }
}

variable "dead_letter_queue_url" {
  description = "Where a function with a queue sends dead letters."
  type        = string
}

variable "settle_margin" {
  description = "Seconds of the timeout that the code keeps for settling messages when the calls are over; a call may take the rest."
  type        = number
  default     = 10

  validation {
    condition     = var.settle_margin > 0
    error_message = "Settling takes time."
  }
}

variable "package" {
  description = "Where the code is: the bucket, and the sha256 of the archive, which is its name there, in a folder."
  type = object({
    bucket = string
    sha256 = string
    folder = optional(string, "functions")
  })

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package.sha256))
    error_message = "A release is the sha256 of the package: 64 hexadecimal digits."
  }
}

variable "settings" {
  description = "Environment variables whose values are known before anything is created."
  type        = map(string)

  validation {
    condition     = alltrue([for key in keys(var.settings) : can(regex("^[a-zA-Z][a-zA-Z0-9_]*$", key))])
    error_message = "The names of settings are letters, digits and underscores, beginning with a letter."
  }

  validation {
    condition     = alltrue([for value in values(var.settings) : value != null])
    error_message = "A setting that is null has no value: the environment has to give it."
  }

  validation {
    condition     = !contains(keys(var.settings), "RELEASE")
    error_message = "RELEASE is the package's sha256, set here: a version that failed to build shows as a difference by it."
  }
}

variable "wiring" {
  description = "Environment variables with the addresses of other queues; those of its own and of the dead-letter queue are added where it has a queue."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Environment variables whose values stay in Lockbox."
  type = map(object({
    secret_id  = string
    version_id = string
    key        = string
  }))
  default = {}
}

variable "service_account_id" {
  description = "The account that it runs as."
  type        = string
}

variable "trigger_account_id" {
  description = "The account that reads the queue and calls the function."
  type        = string
}

variable "log_group_id" {
  description = "Where its lines go."
  type        = string
}

variable "labels" {
  description = "Labels of the function and the trigger."
  type        = map(string)
  default     = {}
}
