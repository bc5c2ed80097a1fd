output "function_id" {
  description = "The function's id."
  value       = module.function.id
}

output "environment" {
  description = "Names of all environment variables of the function."
  value       = module.function.environment
}

output "environment_bytes" {
  description = "The most bytes that the function's environment may take."
  value       = module.function.environment_bytes
}
