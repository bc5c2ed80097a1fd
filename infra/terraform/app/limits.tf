# What this deployment may use at most, against what the cloud allows. A quota belongs to the whole cloud: where it
# holds more than this, give here what is left for this.
locals {
  use = {
    functions = length(local.functions)
    queues    = length(local.queued) + 2 # dead letters and results
    instances = sum(values(local.functions)[*].instances)
    memory_gb = sum([for function in values(local.functions) : function.instances * function.memory]) / 1024

    # Calls that may be in flight at once, over all zones.
    generations = sum(concat([0], [
      for function in values(local.functions) : function.instances * var.quotas.zones * function.concurrency
      if function.quota == "generations"
    ]))
    realtime_sessions = sum(concat([0], [
      for function in values(local.functions) : function.instances * var.quotas.zones * function.concurrency
      if function.quota == "realtime_sessions"
    ]))
  }

  known_settings = toset(concat(
    keys(local.table.settings),
    flatten([for function in values(local.table.functions) : keys(function.settings)]),
  ))
  missing_settings = distinct(flatten([
    for name in keys(local.functions) : [for key, value in local.settings[name] : key if value == null]
  ]))
}

output "use" {
  description = "What this deployment may use at most: functions, queues, instances and GB a zone, concurrent calls."
  value       = local.use

  precondition {
    condition     = local.use.functions <= var.quotas.functions
    error_message = "${local.use.functions} functions; the cloud allows ${var.quotas.functions}. Deploy fewer (variable functions) or ask for more."
  }

  precondition {
    condition     = local.use.queues <= var.quotas.queues
    error_message = "${local.use.queues} queues; the cloud allows ${var.quotas.queues}. Deploy fewer functions or ask for more."
  }

  precondition {
    condition     = local.use.instances <= var.quotas.instances_per_zone
    error_message = "The functions may take ${local.use.instances} instances of a zone; the cloud allows ${var.quotas.instances_per_zone}."
  }

  precondition {
    condition     = local.use.memory_gb <= var.quotas.memory_per_zone_gb
    error_message = "The functions may take ${local.use.memory_gb} GB of a zone; the cloud allows ${var.quotas.memory_per_zone_gb}."
  }

  precondition {
    condition     = local.use.generations <= var.quotas.generations
    error_message = "${local.use.generations} generations at once (instances × zones × concurrency); AI Studio allows ${var.quotas.generations}."
  }

  precondition {
    condition     = local.use.realtime_sessions <= var.quotas.realtime_sessions
    error_message = "${local.use.realtime_sessions} realtime sessions at once (instances × zones × concurrency); AI Studio allows ${var.quotas.realtime_sessions}."
  }

  precondition {
    condition     = length(local.missing_settings) == 0
    error_message = "The variable settings has to give ${join(", ", local.missing_settings)}."
  }

  precondition {
    condition     = length(setsubtract(keys(var.settings), local.known_settings)) == 0
    error_message = "functions.yaml names no setting ${join(", ", setsubtract(keys(var.settings), local.known_settings))}."
  }
  # What has no key of its own would have to borrow one that may do more.
  precondition {
    condition     = length(var.api_keys) == 0 || length(setsubtract(local.accounts, keys(var.api_keys))) == 0
    error_message = "Where api_keys names any account, it names all that are deployed: ${join(", ", setsubtract(local.accounts, keys(var.api_keys)))} has none."
  }

  precondition {
    condition     = length(setsubtract(keys(var.api_keys), keys(var.platform.accounts))) == 0
    error_message = "There is no account ${join(", ", setsubtract(keys(var.api_keys), keys(var.platform.accounts)))}: api_keys goes by ${join(", ", keys(var.platform.accounts))}."
  }

  precondition {
    condition     = length(distinct(values(var.api_keys)[*].secret_id)) == length(var.api_keys)
    error_message = "Each account needs a secret of its own: a role on a secret opens all that is in it."
  }
}
