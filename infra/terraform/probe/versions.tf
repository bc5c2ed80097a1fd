terraform {
  required_version = ">= 1.10, < 2.0" # the first with use_lockfile

  # Bucket and endpoint: environments/<name>/s3.tfbackend.
  backend "s3" {
    key                         = "probe.tfstate"
    region                      = "ru-central1"
    use_lockfile                = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
  }

  required_providers {
    yandex = {
      source  = "yandex-cloud/yandex"
      version = "0.222.0" # from 0.223 on it can't read the answers about dashboards
    }
  }
}

# Queues are made with the static key in YC_MESSAGE_QUEUE_ACCESS_KEY and YC_MESSAGE_QUEUE_SECRET_KEY: given as
# arguments they would stand in the state.
provider "yandex" {
  cloud_id  = var.platform.cloud_id
  folder_id = var.platform.folder_id
}
