variable "environment" {
  description = "The environment's name: a part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "An environment's name has 2 to 12 small letters and digits, beginning with a letter."
  }
}

variable "cloud_id" {
  description = "The cloud."
  type        = string
}

variable "folder_id" {
  description = "The folder that holds everything of this environment, and nothing else."
  type        = string
}

variable "aistudio_folder_id" {
  description = "The folder whose AI Studio is called."
  type        = string
}

variable "table_prefix" {
  description = "What stands before each table's name (LEDGER_TABLE_PREFIX), separator included."
  type        = string
  default     = "aistudio/"
}

variable "ledger_writers" {
  description = "Others that write to the ledger, such as a program that places legal holds: serviceAccount:<id>, and so on."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.ledger_writers : can(regex("^(serviceAccount|userAccount|federatedUser|group):[^:]+$", member))])
    error_message = "A member is serviceAccount:<id>, userAccount:<id>, federatedUser:<id> or group:<id>."
  }
}

variable "throttling_rcu_limit" {
  description = "Request units a second that the database may use: a bound on cost. 0 is no bound of its own."
  type        = number
  default     = 1000

  validation {
    condition     = var.throttling_rcu_limit >= 0
    error_message = "Request units are not negative."
  }
}

variable "storage_size_limit" {
  description = "GB that the database may hold."
  type        = number
  default     = 50

  validation {
    condition     = var.storage_size_limit >= 1
    error_message = "A database holds at least 1 GB."
  }
}

variable "log_retention_days" {
  description = "Days that the functions' lines are kept."
  type        = number
  default     = 14

  validation {
    condition     = var.log_retention_days >= 1 && var.log_retention_days <= 31
    error_message = "Cloud Logging keeps lines for 1 to 31 days."
  }
}

variable "package_bucket" {
  description = "The bucket for packages that bootstrap made."
  type        = string
}

variable "backup_bucket" {
  description = "Name of the bucket for backups of the ledger; unique in all of Object Storage."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.backup_bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits, hyphens and dots."
  }
}

variable "backup_days" {
  description = "Days for which no backup of the ledger can be deleted."
  type        = number
  default     = 30

  validation {
    condition     = var.backup_days >= 3
    error_message = "YDB's own copies reach back two days: keep longer ones than that."
  }
}

variable "results_bucket" {
  description = "Name of the bucket for results that no message can carry; unique in all of Object Storage."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.results_bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits, hyphens and dots."
  }
}

variable "results_days" {
  description = "Days that such a result is kept."
  type        = number
  default     = 30

  validation {
    condition     = var.results_days >= 19
    error_message = "A message may still name it after 4 days in the results queue and 14 among the dead letters."
  }
}

variable "evidence_bucket" {
  description = "Name of the bucket for what is sealed; unique in all of Object Storage."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.evidence_bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits, hyphens and dots."
  }
}

variable "evidence_days" {
  description = "Days for which nothing that is sealed can be deleted."
  type        = number
  default     = 30

  validation {
    condition     = var.evidence_days >= 1
    error_message = "What can be deleted at once proves nothing."
  }
}

variable "evidence_readers" {
  description = "Who exports what is sealed: serviceAccount:<id>, and so on."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.evidence_readers : can(regex("^(serviceAccount|userAccount|federatedUser|group):[^:]+$", member))])
    error_message = "A member is serviceAccount:<id>, userAccount:<id>, federatedUser:<id> or group:<id>."
  }
}
