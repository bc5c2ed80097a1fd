terraform {
  required_version = ">= 1.10, < 2.0" # the first with use_lockfile

  # Bucket and endpoint: environments/<name>/s3.tfbackend.
  backend "s3" {
    key                         = "platform.tfstate"
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
      version = "0.222.0"
    }
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0" # lives with a Document API that has neither tags nor backups; some versions did not
    }
  }
}

provider "yandex" {
  cloud_id  = var.cloud_id
  folder_id = var.folder_id
}

# Only for document tables. On the first plan the address is not known yet; a table that is to be created needs none.
# From then on the database can't be replaced (it is protected), so it is always known.
provider "aws" {
  region                      = "ru-central1"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true

  endpoints {
    dynamodb = yandex_ydb_database_serverless.this.document_api_endpoint
  }
}
