resource "yandex_logging_group" "this" {
  name             = local.prefix
  folder_id        = var.folder_id
  labels           = local.labels
  retention_period = "${var.log_retention_days * 86400}s"
}
