output "state_bucket" {
  description = "For environments/<name>/s3.tfbackend."
  value       = yandex_storage_bucket.states.bucket
}

output "package_bucket" {
  description = "Where packages are uploaded."
  value       = yandex_storage_bucket.packages.bucket
}

output "deployer_account_id" {
  description = "The account that applies platform and app."
  value       = yandex_iam_service_account.deployer.id
}

output "deployer_key_secret_id" {
  description = "The Lockbox secret with the deployer's static key."
  value       = yandex_lockbox_secret.deployer_key.id
}
