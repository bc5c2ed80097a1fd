output "function_id" {
  description = "The function's id; it can be called once it is known."
  value       = yandex_function.this.id

  depends_on = [yandex_function_iam_member.invoker]
}

output "environment" {
  description = "Names of all its environment variables, secrets included."
  value       = sort(concat(keys(var.settings), keys(local.wiring), keys(var.secrets), ["RELEASE"]))
}

output "environment_bytes" {
  description = "The most bytes that its environment may take."
  value       = local.environment_bytes
}
