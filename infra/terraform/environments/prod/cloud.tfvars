# For bootstrap and platform. Every id and name here is a placeholder: put your own.
environment        = "prod"
cloud_id           = "b1gcloud00000000prod"
folder_id          = "b1g0000000000000prod"
aistudio_folder_id = "b1g000000000000aipro"
package_bucket     = "example-aistudio-prod-packages"
