# What is to be deployed, out of the one table of functions.
locals {
  prefix = "aistudio-${var.platform.environment}"
  labels = { project = "aistudio-functions", environment = var.platform.environment }

  table     = yamldecode(file("${path.module}/../../functions.yaml"))
  selected  = coalesce(var.functions, [for name, function in local.table.functions : name if function.default])
  functions = { for name, function in local.table.functions : name => function if contains(local.selected, name) }
  queued    = { for name, function in local.functions : name => function if can(function.queue) }
  timed     = { for name, function in local.functions : name => function if can(function.schedule) }

  accounts = toset(values(local.functions)[*].account)

  resource_names = { for name in keys(local.functions) : name => "${local.prefix}-${replace(name, "_", "-")}" }

  # Later ones win: the table's for all, its own for one function, the environment's, and what follows from other
  # numbers or from what was created before. Null marks what an environment has to give.
  declared = { for name, function in local.functions : name => merge(local.table.settings, function.settings) }
  settings = {
    for name, function in local.functions : name => merge(
      local.declared[name],
      { for key, value in var.settings : key => value if contains(keys(local.declared[name]), key) },
      {
        AISTUDIO_FOLDER_ID  = var.platform.aistudio_folder_id
        CONCURRENCY         = tostring(function.concurrency)
        LEDGER_TABLE_PREFIX = var.platform.table_prefix
        YDB_DOCAPI_ENDPOINT = var.platform.document_api_endpoint
      },
      function.account == "generator" ? { RESULTS_BUCKET = var.platform.results_bucket } : {}, # whose account may write there
    )
  }

  secrets = {
    for name, function in local.functions : name => merge(
      {
        for key in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] : key => {
          secret_id  = var.platform.accounts[function.account].key_secret_id
          version_id = var.platform.accounts[function.account].key_version_id
          key        = key
        }
      },
      { HASH_KEY = merge(var.platform.hash_key, { key = "HASH_KEY" }) },
      { for account, secret in var.api_keys : "AISTUDIO_API_KEY" => secret if account == function.account },
    )
  }
}
