# infra/functions.yaml, checked: nothing that uses the table is evaluated on a wrong one. The commands of infra check it
# against its whole schema as well; here is what else would half-apply or end in an error that names no line of it.
locals {
  table  = yamldecode(file("${path.module}/../../../functions.yaml"))
  schema = jsondecode(file("${path.module}/../../../functions.schema.json"))

  of_function = local.schema["$defs"].function
  of_queue    = local.of_function.properties.queue
  entries     = try(local.table.functions, {})

  # "queue" or "timer", by the decorator of the handler in each entry's file.
  kinds = {
    for name, function in local.entries : name => try(
      join(" and ", [for found in regexall("(?m)^@(?:[a-z_]+\\.)?(queue|timer)_function\\b", file("${path.module}/../../../../functions/${split(".", function.entrypoint)[0]}.py")) : found[0]]),
      "",
    )
  }

  table_faults = concat(
    [for key in setsubtract(keys(local.table), keys(local.schema.properties)) : "${key} is unknown"],
    [for key in setsubtract(local.schema.required, keys(local.table)) : "${key} is missing"],
    flatten([
      for name, function in local.entries : [
        [for key in setsubtract(keys(function), keys(local.of_function.properties)) : "${name}: ${key} is unknown"],
        [for key in setsubtract(local.of_function.required, keys(function)) : "${name}: ${key} is missing"],
        [
          for key, needed in local.of_function.dependentRequired : [
            for other in setsubtract(needed, keys(function)) : "${name}: ${key} needs ${other}"
          ] if contains(keys(function), key)
        ],
        can(function.queue) == can(function.schedule) ? ["${name}: a function has either a queue or a schedule"] : [],
        can(function.queue) && local.kinds[name] != "queue" ? ["${name}: under a queue its file in functions/ needs one @queue_function; found: ${coalesce(local.kinds[name], "none")}"] : [],
        can(function.schedule) && local.kinds[name] != "timer" ? ["${name}: under a schedule its file in functions/ needs one @timer_function; found: ${coalesce(local.kinds[name], "none")}"] : [],
        [for key in setsubtract(keys(try(function.queue, {})), keys(local.of_queue.properties)) : "${name}: queue.${key} is unknown"],
        [for key in can(function.queue) ? setsubtract(local.of_queue.required, keys(function.queue)) : [] : "${name}: queue.${key} is missing"],
        contains(keys(try(local.table.accounts, {})), try(function.account, "")) ? [] : ["${name}: accounts has no ${try(function.account, "")}"],
        [for target in try(function.sends_to, []) : "${name}: sends_to names ${target}, which has no queue" if target != "results" && !can(local.entries[target].queue)],
        [for target in try(function.may_send_to, []) : "${name}: may_send_to names ${target}, which has no queue" if !can(local.entries[target].queue)],
      ]
    ]),
    flatten([
      for set, names in try(local.table.sets, {}) : [
        [for name in setsubtract(names, keys(local.entries)) : "sets.${set}: there is no function ${name}"],
        [
          for name in names : [
            for target in setsubtract(try(local.entries[name].sends_to, []), concat(names, ["results"])) :
            "sets.${set}: ${name} sends to ${target}, which is not in it"
          ]
        ],
      ]
    ]),
  )

  policies     = yamldecode(file("${path.module}/../../../retention.yaml"))
  seconds_each = { s = 1, m = 60, h = 3600, d = 86400 }
  duration     = "^([0-9]+(?:\\.[0-9]+)?)([smhd])$"
  of_policy    = ["keep_for", "verify_after", "cascade"]

  policy_faults = concat(
    can(local.policies.default) ? [] : ["default is missing"],
    flatten([
      for name, policy in local.policies : [
        can(regex("^[a-z][a-z0-9_-]{0,63}$", name)) ? [] : ["${name} is no name"],
        [for key in try(setsubtract(keys(policy), local.of_policy), []) : "${name}: ${key} is unknown"],
        can(regex(local.duration, policy.keep_for)) ? [] : ["${name}: keep_for is no duration such as 30d"],
        can(regex(local.duration, try(policy.verify_after, "1d"))) ? [] : ["${name}: verify_after is no duration such as 1d"],
        can(tobool(try(policy.cascade, false))) ? [] : ["${name}: cascade is neither true nor false"],
      ]
    ]),
  )
  # Of what is no duration, the faults above tell.
  kept = { for name, policy in local.policies : name => try(tonumber(regex(local.duration, policy.keep_for)[0]) * local.seconds_each[regex(local.duration, policy.keep_for)[1]], 0) }
}
