output "url" {
  description = "Where producers send messages."
  value       = yandex_message_queue.this.id
}

output "arn" {
  description = "What the trigger reads."
  value       = yandex_message_queue.this.arn
}
