variable "platform" {
  description = "The output of the same name of platform."
  type = object({
    environment           = string
    cloud_id              = string
    folder_id             = string
    aistudio_folder_id    = string
    table_prefix          = string
    document_api_endpoint = string
    log_group_id          = string
    trigger_account_id    = string
    package_bucket        = string
    results_bucket        = string
    evidence_bucket       = string
    accounts = map(object({
      id             = string
      key_secret_id  = string
      key_version_id = string
    }))
    hash_key = object({
      secret_id  = string
      version_id = string
    })
  })

  validation {
    condition     = length(setsubtract(local.accounts, keys(var.platform.accounts))) == 0
    error_message = "Platform has no account ${join(", ", setsubtract(local.accounts, keys(var.platform.accounts)))} yet: make platform first."
  }
}

variable "release" {
  description = "The sha256 of the package to run; that of an earlier package is a rollback."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.release))
    error_message = "A release is the sha256 of the package: 64 hexadecimal digits."
  }
}

variable "releases" {
  description = "Functions that run another package than release: names with its sha256."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for release in values(var.releases) : can(regex("^[0-9a-f]{64}$", release))])
    error_message = "A release is the sha256 of the package: 64 hexadecimal digits."
  }

  validation {
    condition     = length(setsubtract(keys(var.releases), keys(local.table.functions))) == 0
    error_message = "functions.yaml has no function ${join(", ", setsubtract(keys(var.releases), keys(local.table.functions)))}."
  }
}

variable "set" {
  description = "The set of functions.yaml that is deployed."
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = contains(keys(local.table.sets), var.set)
    error_message = "functions.yaml has no set ${var.set}, but ${join(", ", keys(local.table.sets))}."
  }
}

variable "settings" {
  description = "This environment's values for settings named in functions.yaml."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for value in values(var.settings) : value != null])
    error_message = "Leave a setting out instead of giving null."
  }
}

variable "api_keys" {
  description = "Lockbox secrets with AI Studio API keys, by the account that uses each; none: each invocation's own IAM token is used, which needs no secret."
  type = map(object({
    secret_id  = string
    version_id = string
    key        = string
  }))
  default = {}
}

variable "secrets" {
  description = "Lockbox secrets of the environment's own, by the names that functions.yaml has for them."
  type = map(object({
    secret_id  = string
    version_id = string
    key        = string
  }))
  default = {}

  validation {
    condition     = length(setintersection(keys(var.secrets), ["account_key_id", "account_key_secret", "hash_key"])) == 0
    error_message = "account_key_id, account_key_secret and hash_key are platform's."
  }
}

variable "quotas" {
  description = "What the cloud allows; the defaults are a new cloud's. Calls and instances are counted per zone."
  type = object({
    functions          = optional(number, 10)
    queues             = optional(number, 10)
    zones              = optional(number, 3)
    instances_per_zone = optional(number, 10)
    memory_per_zone_gb = optional(number, 20)
    generations        = optional(number, 10)
    realtime_sessions  = optional(number, 10)
  })
  default = {}

  validation {
    condition     = alltrue([for value in values(var.quotas) : value >= 0]) && var.quotas.zones >= 1
    error_message = "Quotas are not negative, and there is at least one zone."
  }
}
