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

run "a_function_shows_its_release_keeps_its_secrets_and_is_called_by_triggers_only" {
  command = plan

  assert {
    condition     = yandex_function.this.environment.RELEASE == var.package.sha256 && yandex_function.this.user_hash == var.package.sha256
    error_message = "Without the hash in the environment a version that failed to build is never noticed."
  }

  assert {
    condition     = yandex_function.this.package[0].object_name == "functions/${var.package.sha256}.zip" && yandex_function.this.package[0].sha_256 == var.package.sha256
    error_message = "The package is named by its content."
  }

  assert {
    condition     = output.environment == tolist(["DEAD_LETTER_QUEUE_URL", "HASH_KEY", "LOG_LEVEL", "QUEUE_URL", "RELEASE"])
    error_message = "Unexpected: ${join(", ", output.environment)}."
  }

  assert {
    condition     = !contains(keys(yandex_function.this.environment), "HASH_KEY") && yandex_function.this.secrets[0].environment_variable == "HASH_KEY"
    error_message = "A secret belongs to Lockbox, not to the environment."
  }

  assert {
    condition     = yandex_function.this.metadata_options[0].aws_v1_http_endpoint == 2
    error_message = "2 is off."
  }

  assert {
    condition     = yandex_function_iam_member.invoker.role == "functions.functionInvoker" && yandex_function_iam_member.invoker.member == "serviceAccount:ajetrigger"
    error_message = "Only the triggers' account calls functions."
  }

  assert {
    condition     = yandex_function_iam_member.invoker.sleep_after >= 20
    error_message = "The trigger that follows is refused before the role works."
  }

  assert {
    condition     = one(yandex_function_scaling_policy.this.policy).zone_instances_limit == 2 && one(yandex_function_scaling_policy.this.policy).zone_requests_limit == null
    error_message = "Instances are limited; a limit of requests would refuse calls and eat receives."
  }
}

run "refuses_an_environment_of_more_than_4_kb" {
  command = plan

  variables {
    settings = { LONG = join("", [for index in range(400) : "0123456789"]) }
  }

  expect_failures = [yandex_function.this]
}

run "counts_bytes_and_not_letters" {
  command = plan

  variables {
    settings = { LONG = join("", [for index in range(190) : "ёжёжёжёжёж"]) }
  }

  expect_failures = [yandex_function.this]
}

run "refuses_calls_that_could_not_begin_before_settling" {
  command = plan

  variables {
    code = { entrypoint = "delete_response.handler", memory = 256, timeout = 60, call_needs = 50, instances = 1 }
  }

  expect_failures = [yandex_function.this]
}

run "refuses_memory_off_the_steps" {
  command = plan

  variables {
    code = { entrypoint = "delete_response.handler", memory = 200, timeout = 60, call_needs = 2, instances = 1 }
  }

  expect_failures = [var.code]
}

run "refuses_a_timeout_over_ten_minutes" {
  command = plan

  variables {
    code = { entrypoint = "delete_response.handler", memory = 256, timeout = 601, call_needs = 2, instances = 1 }
  }

  expect_failures = [var.code]
}

run "refuses_no_limit_of_instances" {
  command = plan

  variables {
    code = { entrypoint = "delete_response.handler", memory = 256, timeout = 60, call_needs = 2, instances = 0 }
  }

  expect_failures = [var.code]
}

run "refuses_an_entry_point_in_a_folder" {
  command = plan

  variables {
    code = { entrypoint = "aistudio/delete.handler", memory = 256, timeout = 60, call_needs = 2, instances = 1 }
  }

  expect_failures = [var.code]
}

run "refuses_a_name_that_the_api_refuses" {
  command = plan

  variables {
    name = "Delete_Response"
  }

  expect_failures = [var.name]
}

run "refuses_a_release_that_is_no_hash" {
  command = plan

  variables {
    package = { bucket = "packages", sha256 = "latest" }
  }

  expect_failures = [var.package]
}

run "refuses_a_setting_without_a_value" {
  command = plan

  variables {
    settings = { REALTIME_MODEL = null }
  }

  expect_failures = [var.settings]
}

run "refuses_a_setting_that_would_hide_the_release" {
  command = plan

  variables {
    settings = { RELEASE = "1" }
  }

  expect_failures = [var.settings]
}

run "refuses_a_setting_with_a_name_that_the_api_refuses" {
  command = plan

  variables {
    settings = { "LOG-LEVEL" = "INFO" }
  }

  expect_failures = [var.settings]
}

run "refuses_no_time_for_settling" {
  command = plan

  variables {
    settle_margin = 0
  }

  expect_failures = [var.settle_margin]
}
