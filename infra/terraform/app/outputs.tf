output "queues" {
  description = "Where producers send each function's messages."
  value       = { for name, function in module.queue_function : name => function.queue_url }
}

output "dead_letter_queue" {
  description = "Where messages are parked."
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
    for name, function in local.deployed : name => { names = function.environment, bytes = function.environment_bytes }
  }
}

output "release" {
  description = "The sha256 of the package that runs."
  value       = var.release
}
