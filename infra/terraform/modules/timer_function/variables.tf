variable "name" {
  description = "The name of the function and its trigger."
  type        = string
}

variable "folder_id" {
  description = "The folder it is deployed to."
  type        = string
}

variable "code" {
  description = "Entry point, memory (MB), timeout (s), the seconds that a call needs to begin, and instances in a zone."
  type = object({
    entrypoint = string
    memory     = number
    timeout    = number
    call_needs = number
    instances  = number
  })
}

variable "schedule" {
  description = "When it is called: a cron expression of six fields, in UTC."
  type        = string

  validation {
    condition     = length(var.schedule) <= 100 && length(split(" ", var.schedule)) == 6
    error_message = "A timer takes a cron expression of six fields and at most 100 characters, such as \"0 3 ? * * *\"."
  }
}

variable "dead_letters" {
  description = "The dead-letter queue: ARN and address."
  type = object({
    arn = string
    url = string
  })
}

variable "package" {
  description = "Where the code is: the bucket, and the sha256 of the archive."
  type = object({
    bucket = string
    sha256 = string
  })
}

variable "settings" {
  description = "Environment variables whose values are known before anything is created."
  type        = map(string)
}

variable "wiring" {
  description = "Addresses of other queues; that of the dead-letter queue is added."
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
  description = "The account that the function runs as."
  type        = string
}

variable "trigger_account_id" {
  description = "The account that calls the function and sends events it gave up to the dead-letter queue."
  type        = string
}

variable "log_group_id" {
  description = "Where the function's lines go."
  type        = string
}

variable "labels" {
  description = "Labels of the function and the trigger."
  type        = map(string)
  default     = {}
}
