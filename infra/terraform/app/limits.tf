# What a deployment may use at most, against what the cloud allows. A quota belongs to the whole cloud, so the other
# environments of this checkout that are in the same cloud count too. Where the cloud holds more than these, give in
# quotas what is left for them.
locals {
  environments = "${path.module}/../environments"

  # Environment and set; the two lines of these files are read as text, because HCL reads no .tfvars.
  neighbours = {
    for file in fileset(local.environments, "*/cloud.tfvars") :
    dirname(file) => try(regex("(?m)^set\\s*=\\s*\"([^\"]+)\"", file("${local.environments}/${dirname(file)}/app.tfvars"))[0], "default")
    if dirname(file) != var.platform.environment &&
    try(regex("(?m)^cloud_id\\s*=\\s*\"([^\"]+)\"", file("${local.environments}/${file}"))[0], "") == var.platform.cloud_id
  }

  counted = {
    here = values(local.functions)
    cloud = concat(values(local.functions), flatten([
      for set in values(local.neighbours) : [for name in try(local.table.sets[set], []) : local.table.functions[name]]
    ]))
  }
  use = {
    for place, functions in local.counted : place => merge(
      {
        functions = length(functions)
        queues    = length([for function in functions : true if can(function.queue)]) + 2 * (place == "here" ? 1 : 1 + length(local.neighbours)) # dead letters and results
        instances = sum(functions[*].instances)
        memory_gb = sum([for function in functions : function.instances * function.memory]) / 1024
      },
      # Calls that may be in flight at once, over all zones. A realtime session may be a generation at any moment.
      {
        for quota, uses in { generations = ["generations", "realtime_sessions"], realtime_sessions = ["realtime_sessions"] } :
        quota => sum(concat([0], [
          for function in functions : function.instances * var.quotas.zones * function.concurrency if contains(uses, try(function.quota, ""))
        ]))
      },
    )
  }

  with_others = length(local.neighbours) == 0 ? "" : " (with ${join(", ", keys(local.neighbours))} in the same cloud)"

  known_settings = toset(concat(
    keys(local.table.settings),
    flatten([for function in values(local.table.functions) : keys(try(function.settings, {}))]),
  ))
  missing_settings = distinct(flatten([
    for name in keys(local.functions) : [for key, value in local.settings[name] : key if value == null]
  ]))
  missing_secrets = distinct(flatten([
    for name, function in local.functions : setsubtract(values(try(function.secrets, {})), keys(local.named_secrets[name]))
  ]))
}

output "use" {
  description = "What this deployment, and all of this cloud, may use at most: functions, queues, instances and GB a zone, concurrent calls."
  value       = local.use

  precondition {
    condition     = local.use.cloud.functions <= var.quotas.functions
    error_message = "${local.use.cloud.functions} functions${local.with_others}; the cloud allows ${var.quotas.functions}. Deploy a smaller set (functions.yaml, sets) or ask for more."
  }

  precondition {
    condition     = local.use.cloud.queues <= var.quotas.queues
    error_message = "${local.use.cloud.queues} queues${local.with_others}; the cloud allows ${var.quotas.queues}. Deploy a smaller set (functions.yaml, sets) or ask for more."
  }

  precondition {
    condition     = local.use.cloud.instances <= var.quotas.instances_per_zone
    error_message = "The functions may take ${local.use.cloud.instances} instances of a zone${local.with_others}; the cloud allows ${var.quotas.instances_per_zone}."
  }

  precondition {
    condition     = local.use.cloud.memory_gb <= var.quotas.memory_per_zone_gb
    error_message = "The functions may take ${local.use.cloud.memory_gb} GB of a zone${local.with_others}; the cloud allows ${var.quotas.memory_per_zone_gb}."
  }

  precondition {
    condition     = local.use.cloud.generations <= var.quotas.generations
    error_message = "${local.use.cloud.generations} generations at once (instances × zones × concurrency)${local.with_others}; AI Studio allows ${var.quotas.generations}."
  }

  precondition {
    condition     = local.use.cloud.realtime_sessions <= var.quotas.realtime_sessions
    error_message = "${local.use.cloud.realtime_sessions} realtime sessions at once (instances × zones × concurrency)${local.with_others}; AI Studio allows ${var.quotas.realtime_sessions}."
  }

  precondition {
    condition     = length(local.missing_settings) == 0
    error_message = "The variable settings has to give ${join(", ", local.missing_settings)}."
  }

  precondition {
    condition     = length(setsubtract(keys(var.settings), local.known_settings)) == 0
    error_message = "functions.yaml names no setting ${join(", ", setsubtract(keys(var.settings), local.known_settings))}."
  }

  precondition {
    condition     = length(local.missing_secrets) == 0
    error_message = "functions.yaml names secrets that the variable secrets does not give: ${join(", ", local.missing_secrets)}."
  }

  # What has no key of its own would have to borrow one that may do more.
  precondition {
    condition     = length(var.api_keys) == 0 || length(setsubtract(local.callers, keys(var.api_keys))) == 0
    error_message = "Where api_keys names any account, it names all that call AI Studio: ${join(", ", setsubtract(local.callers, keys(var.api_keys)))} has none."
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
