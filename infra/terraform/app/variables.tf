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
}

variable "release" {
  description = "The sha256 of the package to run; an earlier one is a rollback."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.release))
    error_message = "A release is the sha256 of the package: 64 hexadecimal digits."
  }
}

variable "functions" {
  description = "Names of the functions to deploy (functions.yaml); null is those marked as default."
  type        = set(string)
  default     = null

  validation {
    condition     = var.functions == null ? true : length(var.functions) > 0
    error_message = "Name at least one function, or leave the variable out."
  }

  validation {
    condition     = length(setsubtract(coalesce(var.functions, []), keys(yamldecode(file("${path.module}/../../functions.yaml")).functions))) == 0
    error_message = "Only functions of functions.yaml can be deployed."
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
