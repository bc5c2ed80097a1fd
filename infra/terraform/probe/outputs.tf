output "queues" {
  description = "Where the probe's messages are sent, and where those end that came back too often."
  value       = { asked = module.queue.url, returned = yandex_message_queue.returned.id }
}
