mock_provider "yandex" {}

variables {
  name      = "aistudio-test-delete-response"
  folder_id = "b1gfolder"
  code      = { entrypoint = "delete_response.handler", memory = 256, timeout = 60, call_needs = 2, instances = 2 }
  package   = { bucket = "packages", sha256 = "0000000000000000000000000000000000000000000000000000000000000001" }
  settings  = { LOG_LEVEL = "INFO" }
  queue     = { arn = "yrn:yc:ymq:ru-central1:b1gfolder:own", url = "https://queues/own", batch_size = 100, batch_cutoff = 2 }
  schedule  = null

  dead_letter_queue_url = "https://queues/dead"
  secrets               = { HASH_KEY = { secret_id = "e6qsecret", version_id = "e6vversion", key = "HASH_KEY" } }
  service_account_id    = "ajedeleter"
  trigger_account_id    = "ajetrigger"
  log_group_id          = "e23group"
}

run "a_timer_tries_again_and_has_no_queue" {
  command = plan

  variables {
    queue    = null
    schedule = "0 3 ? * * *"
    code     = { entrypoint = "sweep.handler", memory = 256, timeout = 60, instances = 1 }
  }

  assert {
    condition     = yandex_function_trigger.this.timer[0].cron_expression == "0 3 ? * * *" && length(yandex_function_trigger.this.message_queue) == 0
    error_message = "The schedule is the table's, and the one source."
  }

  assert {
    condition     = yandex_function_trigger.this.function[0].retry_attempts == "3" && yandex_function_trigger.this.function[0].retry_interval == "60"
    error_message = "Nothing else would try again."
  }

  assert {
    condition     = length(yandex_function_trigger.this.dlq) == 0
    error_message = "A timer's event needs no queue, and no dead letter is kept of it."
  }

  assert {
    condition     = output.environment == tolist(["HASH_KEY", "LOG_LEVEL", "RELEASE"])
    error_message = "Unexpected: ${join(", ", output.environment)}."
  }
}

run "refuses_a_schedule_of_five_fields" {
  command = plan

  variables {
    queue    = null
    schedule = "0 3 * * *"
  }

  expect_failures = [var.schedule]
}

run "refuses_a_queue_and_a_schedule" {
  command = plan

  variables {
    schedule = "0 3 ? * * *"
  }

  expect_failures = [var.schedule]
}

run "refuses_neither_a_queue_nor_a_schedule" {
  command = plan

  variables {
    queue = null
  }

  expect_failures = [var.schedule]
}

run "a_queue_s_trigger_leaves_retries_and_dead_letters_to_the_queue" {
  command = plan

  assert {
    condition     = length(yandex_function_trigger.this.dlq) == 0 && yandex_function_trigger.this.function[0].retry_attempts == null && yandex_function_trigger.this.function[0].retry_interval == null
    error_message = "The provider refuses both at apply."
  }

  assert {
    condition     = yandex_function_trigger.this.message_queue[0].batch_size == "100" && yandex_function_trigger.this.message_queue[0].batch_cutoff == "2"
    error_message = "The batch is the table's."
  }

  assert {
    condition     = alltrue([for name in ["QUEUE_URL", "DEAD_LETTER_QUEUE_URL"] : contains(output.environment, name)])
    error_message = "Unexpected: ${join(", ", output.environment)}."
  }
}
