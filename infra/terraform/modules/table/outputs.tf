output "table" {
  description = "The table of functions."
  value       = local.table

  precondition {
    condition     = length(local.table_faults) == 0
    error_message = "infra/functions.yaml: ${join("; ", local.table_faults)}."
  }
}

output "policies" {
  description = "The retention policies, as RETENTION_POLICIES gives them to functions."
  value       = jsonencode(local.policies)

  precondition {
    condition     = length(local.policy_faults) == 0
    error_message = "infra/retention.yaml: ${join("; ", local.policy_faults)}."
  }
}

output "kept_too_long" {
  description = "Policies that keep responses for longer than AI Studio's own 30 days."
  value       = [for name, seconds in local.kept : name if seconds > 30 * 86400]
}
