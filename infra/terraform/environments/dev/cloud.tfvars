# For bootstrap and platform. Every id and name here is a placeholder: put your own.
environment        = "dev"
cloud_id           = "b1gcloud00000000dev0"
folder_id          = "b1g0000000000000dev0"
aistudio_folder_id = "b1g000000000000aidev"
package_bucket     = "example-aistudio-dev-packages"
