# What is to be deployed, out of the one table of functions.
module "table" {
  source = "../modules/table"
}

locals {
  table  = module.table.table
  prefix = "aistudio-${var.platform.environment}"
  labels = { project = "aistudio-functions", environment = var.platform.environment }

  functions = { for name in local.table.sets[var.set] : name => local.table.functions[name] }
  queued    = toset([for name, function in local.functions : name if can(function.queue)])
  accounts  = toset(values(local.functions)[*].account)
  callers   = toset([for function in local.functions : function.account if length(try(function.roles, [])) > 0]) # of AI Studio

  resource_names = { for name in keys(local.functions) : name => "${local.prefix}-${replace(name, "_", "-")}" }
  releases       = { for name in keys(local.functions) : name => lookup(var.releases, name, var.release) }

  # Where each may send beside its own queue and the dead letters.
  sends_to = {
    for name, function in local.functions : name => concat(
      try(function.sends_to, []),
      [for target in try(function.may_send_to, []) : target if contains(keys(local.functions), target)],
    )
  }
  results = toset([for name in keys(local.functions) : name if contains(local.queued, name) || contains(local.sends_to[name], "results")])

  # Later ones win: the table's for all, its own for one function, the environment's, and what follows from other
  # numbers or from what was created before. Null marks what an environment has to give.
  declared = { for name, function in local.functions : name => merge(local.table.settings, try(function.settings, {})) }
  settings = {
    for name, function in local.functions : name => merge(
      local.declared[name],
      { for key, value in var.settings : key => value if contains(keys(local.declared[name]), key) },
      {
        AISTUDIO_FOLDER_ID  = var.platform.aistudio_folder_id
        LEDGER_TABLE_PREFIX = var.platform.table_prefix
        YDB_DOCAPI_ENDPOINT = var.platform.document_api_endpoint
      },
      can(function.concurrency) ? { CONCURRENCY = tostring(function.concurrency) } : {},
      can(function.call_needs) ? { CALL_NEEDS = "${function.call_needs}s" } : {},
      can(function.queue) ? {
        QUEUE_MAX_BYTES = tostring(function.queue.max_message_size)
        QUEUE_RETENTION = "${function.queue.retention}s"
      } : {},
      contains(keys(local.declared[name]), "RETENTION_POLICIES") ? { RETENTION_POLICIES = module.table.policies } : {},
      contains(local.table.accounts[function.account].writes, "results") ? { RESULTS_BUCKET = var.platform.results_bucket } : {},
      contains(local.table.accounts[function.account].writes, "evidence") ? { EVIDENCE_BUCKET = var.platform.evidence_bucket } : {},
    )
  }

  # By the names that the table has for them.
  named_secrets = {
    for name, function in local.functions : name => merge(
      var.secrets,
      {
        account_key_id     = merge(local.account_keys[function.account], { key = "AWS_ACCESS_KEY_ID" })
        account_key_secret = merge(local.account_keys[function.account], { key = "AWS_SECRET_ACCESS_KEY" })
        hash_key           = merge(var.platform.hash_key, { key = "HASH_KEY" })
      },
    )
  }
  account_keys = {
    for name, account in var.platform.accounts : name => { secret_id = account.key_secret_id, version_id = account.key_version_id }
  }
  secrets = {
    for name, function in local.functions : name => merge(
      {
        for variable, secret in try(function.secrets, {}) : variable => local.named_secrets[name][secret]
        if contains(keys(local.named_secrets[name]), secret) # output "use" names those that are not there
      },
      { for account, secret in var.api_keys : "AISTUDIO_API_KEY" => secret if account == function.account },
    )
  }
}

# A warning: deleting later than the service forgets is no fault, but proves nothing.
check "retention" {
  assert {
    condition     = length(module.table.kept_too_long) == 0
    error_message = "infra/retention.yaml: AI Studio forgets responses after 30 days, before the policies ${join(", ", module.table.kept_too_long)} end."
  }
}
