variable "platform" {
  description = "The output of the same name of platform, as far as it matters here."
  type = object({
    environment        = string
    cloud_id           = string
    folder_id          = string
    log_group_id       = string
    trigger_account_id = string
    package_bucket     = string
    accounts           = map(object({ id = string }))
  })
}

variable "sha256" {
  description = "The sha256 of the probe's package, which is its name in the bucket."
  type        = string
}
