mock_provider "yandex" {}

variables {
  name               = "aistudio-test-sweep"
  folder_id          = "b1gfolder"
  code               = { entrypoint = "sweep.handler", memory = 256, timeout = 60, call_needs = 2, instances = 1 }
  schedule           = "0 3 ? * * *"
  dead_letters       = { arn = "yrn:yc:ymq:ru-central1:b1gfolder:dead", url = "https://queues/dead" }
  package            = { bucket = "packages", sha256 = "0000000000000000000000000000000000000000000000000000000000000001" }
  settings           = { LOG_LEVEL = "INFO" }
  service_account_id = "ajedeleter"
  trigger_account_id = "ajetrigger"
  log_group_id       = "e23group"
}

run "a_timer_tries_again_and_then_gives_up_to_the_dead_letter_queue" {
  command = plan

  assert {
    condition     = yandex_function_trigger.this.timer[0].cron_expression == "0 3 ? * * *"
    error_message = "The schedule is the table's."
  }

  assert {
    condition     = yandex_function_trigger.this.function[0].retry_attempts == "3" && yandex_function_trigger.this.function[0].retry_interval == "60"
    error_message = "Nothing else would try again."
  }

  assert {
    condition     = yandex_function_trigger.this.dlq[0].queue_id == var.dead_letters.arn && yandex_function_trigger.this.dlq[0].service_account_id == "ajetrigger"
    error_message = "A timer's event that was given up is not lost."
  }

  assert {
    condition     = length(yandex_function_trigger.this.message_queue) == 0
    error_message = "One source only."
  }
}

run "refuses_a_schedule_of_five_fields" {
  command = plan

  variables {
    schedule = "0 3 * * *"
  }

  expect_failures = [var.schedule]
}
