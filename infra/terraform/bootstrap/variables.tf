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
  description = "The folder whose AI Studio is called; best another one, so that no role on it reaches the deployment."
  type        = string
}

variable "state_bucket" {
  description = "Name of the bucket for states; unique in all of Object Storage."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits, hyphens and dots."
  }
}

variable "package_bucket" {
  description = "Name of the bucket for packages; unique in all of Object Storage."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.package_bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits, hyphens and dots."
  }
}
