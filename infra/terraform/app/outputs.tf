output "queues" {
  description = "Where producers send each function's messages."
  value       = { for name, queue in module.queue : name => queue.url }
}

output "dead_letter_queue" {
  description = "Where dead letters are kept."
  value       = yandex_message_queue.dead_letters.id
}

output "results_queue" {
  description = "Where results go."
  value       = yandex_message_queue.results.id
}

output "functions" {
  description = "The functions' ids."
  value       = local.function_ids
}

output "environment" {
  description = "Names of each function's environment variables, and the most bytes that they may take."
  value = {
    for name, function in module.function : name => { names = function.environment, bytes = function.environment_bytes }
  }
}

output "release" {
  description = "The sha256 of the package that runs where releases names no other."
  value       = var.release
}

output "releases" {
  description = "The sha256 of the package that each function runs."
  value       = local.releases
}

output "settings" {
  description = "What each function's environment says, but for secrets and the addresses of queues; for ops."
  value       = { for name, settings in local.settings : name => { for key, value in settings : key => value if value != null } }
}
