terraform {
  required_version = ">= 1.9, < 2.0"

  # The bucket for states is made here, so this one is a file: environments/<name>/bootstrap.tfstate (README.md).
  backend "local" {}

  required_providers {
    yandex = {
      source  = "yandex-cloud/yandex"
      version = "0.222.0"
    }
  }
}

provider "yandex" {
  cloud_id  = var.cloud_id
  folder_id = var.folder_id
}
