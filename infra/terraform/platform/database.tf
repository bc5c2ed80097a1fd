locals {
  prefix = "aistudio-${var.environment}"
  labels = { project = "aistudio-functions", environment = var.environment }
}

resource "yandex_ydb_database_serverless" "this" {
  name                = local.prefix
  folder_id           = var.folder_id
  labels              = local.labels
  deletion_protection = true

  serverless_database {
    enable_throttling_rcu_limit = var.throttling_rcu_limit > 0
    throttling_rcu_limit        = var.throttling_rcu_limit
    storage_size_limit          = var.storage_size_limit
  }

  lifecycle {
    prevent_destroy = true
  }
}

# The code's own definition of its tables: the local environment and the tests create them from the same file.
module "tables" {
  source = "../modules/document_tables"

  prefix = var.table_prefix
  tables = jsondecode(file("${path.module}/../../../functions/documents/tables.json")).tables
}

# The role may also drop tables, and it writes every record: the service documents no narrower role, neither for a table
# nor for an item. What must not be forged can't be kept in a table of its own either: a receipt is on the record that a
# registration writes (README.md, "Who may do what"). A binding takes the role away from each account that it does not name.
resource "yandex_ydb_database_iam_binding" "writers" {
  database_id = yandex_ydb_database_serverless.this.id
  role        = "ydb.editor"
  members = concat(
    [for name in local.writers.ledger : "serviceAccount:${yandex_iam_service_account.runtime[name].id}"],
    var.ledger_writers,
  )
}

resource "yandex_ydb_database_iam_binding" "readers" {
  database_id = yandex_ydb_database_serverless.this.id
  role        = "ydb.viewer"
  members     = ["serviceAccount:${yandex_iam_service_account.backup.id}"]
}
