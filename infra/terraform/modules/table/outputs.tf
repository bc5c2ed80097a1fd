output "table" {
  description = "The table of functions."
  value       = local.table

  precondition {
    condition     = length(local.table_faults) == 0
    error_message = "infra/functions.yaml: ${join("; ", local.table_faults)}."
  }
}
