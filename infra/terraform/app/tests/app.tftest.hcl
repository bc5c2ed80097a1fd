mock_provider "yandex" {
  mock_resource "yandex_message_queue" {
    defaults = { arn = "yrn:yc:ymq:ru-central1:b1gfolder:queue", id = "https://queues/queue" }
  }
}

variables {
  platform = {
    environment           = "test"
    cloud_id              = "b1gcloud"
    folder_id             = "b1gfolder"
    aistudio_folder_id    = "b1gaistudio"
    table_prefix          = "aistudio/"
    document_api_endpoint = "https://docapi.test/ru-central1/b1gcloud/etn"
    log_group_id          = "e23group"
    trigger_account_id    = "ajetrigger"
    package_bucket        = "packages"
    results_bucket        = "results"
    accounts = {
      deleter   = { id = "ajedeleter", key_secret_id = "e6qdeleter", key_version_id = "e6v1" }
      generator = { id = "ajegenerator", key_secret_id = "e6qgenerator", key_version_id = "e6v2" }
    }
    hash_key = { secret_id = "e6qhash", version_id = "e6v3" }
  }
  release  = "0000000000000000000000000000000000000000000000000000000000000001"
  settings = { REALTIME_MODEL = "a-model" }
}

run "the_default_set_fits_a_new_cloud" {
  command = plan

  assert {
    condition     = output.use.functions <= 10 && output.use.queues <= 10 && output.use.instances <= 10 && output.use.realtime_sessions <= 10
    error_message = "A first deployment would end in the middle."
  }
}

run "the_dead_letter_queue_keeps_messages_longest" {
  command = plan

  assert {
    condition     = yandex_message_queue.dead_letters.message_retention_seconds == 1209600 && yandex_message_queue.results.message_retention_seconds < 1209600
    error_message = "14 days is the most there is."
  }

  assert {
    condition     = yandex_message_queue.dead_letters.redrive_policy == null
    error_message = "Nothing comes after the dead-letter queue."
  }
}

run "queues_are_the_only_reason_for_roles_on_the_folder" {
  command = plan

  assert {
    condition = alltrue([
      for grant in concat(values(yandex_resourcemanager_folder_iam_member.trigger), values(yandex_resourcemanager_folder_iam_member.sender)) :
      startswith(grant.role, "ymq.") && grant.folder_id == "b1gfolder"
    ])
    error_message = "Roles on the folder are ymq.* only."
  }

  assert {
    condition     = keys(yandex_resourcemanager_folder_iam_member.trigger) == ["ymq.reader"]
    error_message = "The trigger account writes to queues only where there are timers."
  }
}

run "what_deletes_can_not_generate" {
  command = plan

  assert {
    condition     = keys(yandex_resourcemanager_folder_iam_member.aistudio) == ["deleter:ai.assistants.editor", "generator:ai.models.user"]
    error_message = "Unexpected: ${join(", ", keys(yandex_resourcemanager_folder_iam_member.aistudio))}."
  }
}

run "a_subset_brings_only_what_it_needs" {
  command = plan

  variables {
    functions = ["delete_response"]
    settings  = {}
  }

  assert {
    condition     = keys(output.queues) == ["delete_response"] && keys(yandex_resourcemanager_folder_iam_member.sender) == ["deleter"]
    error_message = "No account gets roles for functions that are not deployed."
  }
}

run "api_keys_replace_the_roles_and_each_account_gets_its_own" {
  command = plan

  variables {
    api_keys = {
      deleter   = { secret_id = "e6qdeletes", version_id = "e6v4", key = "api-key" }
      generator = { secret_id = "e6qgenerates", version_id = "e6v5", key = "api-key" }
    }
  }

  assert {
    condition     = length(yandex_resourcemanager_folder_iam_member.aistudio) == 0
    error_message = "With keys, the keys' own accounts are asked."
  }

  assert {
    condition = { for grant in values(yandex_lockbox_secret_iam_member.api_key) : grant.member => grant.secret_id } == {
      "serviceAccount:ajedeleter" = "e6qdeletes", "serviceAccount:ajegenerator" = "e6qgenerates"
    }
    error_message = "What only deletes can't read the key that generates."
  }

  assert {
    condition     = local.secrets.delete_response.AISTUDIO_API_KEY.secret_id == "e6qdeletes" && local.secrets.realtime_response_create.AISTUDIO_API_KEY.secret_id == "e6qgenerates"
    error_message = "A function gets the key of the account that it runs as."
  }

  assert {
    condition     = contains(output.environment.delete_response.names, "AISTUDIO_API_KEY")
    error_message = "The key reaches the function from Lockbox."
  }
}

run "an_account_of_which_nothing_is_deployed_needs_no_key_and_is_granted_none" {
  command = plan

  variables {
    functions = ["delete_response"]
    settings  = {}
    api_keys  = { deleter = { secret_id = "e6qdeletes", version_id = "e6v4", key = "api-key" } }
  }

  assert {
    condition     = keys(yandex_lockbox_secret_iam_member.api_key) == ["deleter"]
    error_message = "Unexpected: ${join(", ", keys(yandex_lockbox_secret_iam_member.api_key))}."
  }
}

run "refuses_a_key_for_one_account_only" {
  command = plan

  variables {
    api_keys = { deleter = { secret_id = "e6qdeletes", version_id = "e6v4", key = "api-key" } }
  }

  expect_failures = [output.use]
}

run "refuses_a_key_for_an_account_that_is_not_there" {
  command = plan

  variables {
    api_keys = {
      deleter   = { secret_id = "e6qdeletes", version_id = "e6v4", key = "api-key" }
      generator = { secret_id = "e6qgenerates", version_id = "e6v5", key = "api-key" }
      creator   = { secret_id = "e6qcreates", version_id = "e6v6", key = "api-key" }
    }
  }

  expect_failures = [output.use]
}

run "refuses_one_secret_for_two_accounts" {
  command = plan

  variables {
    api_keys = {
      deleter   = { secret_id = "e6qapi", version_id = "e6v4", key = "deletes" }
      generator = { secret_id = "e6qapi", version_id = "e6v4", key = "generates" }
    }
  }

  expect_failures = [output.use]
}

run "an_environment_overrides_settings_of_the_table" {
  command = plan

  variables {
    settings = { REALTIME_MODEL = "a-model", LOG_LEVEL = "DEBUG" }
  }

  assert {
    condition     = local.settings.delete_response.LOG_LEVEL == "DEBUG" && !contains(keys(local.settings.delete_response), "REALTIME_MODEL")
    error_message = "A setting reaches the functions that the table names it for."
  }
}

run "refuses_a_model_that_nobody_chose" {
  command = plan

  variables {
    settings = {}
  }

  expect_failures = [output.use]
}

run "refuses_a_setting_that_no_function_has" {
  command = plan

  variables {
    settings = { REALTIME_MODEL = "a-model", REALTIME_MODLE = "a-model" }
  }

  expect_failures = [output.use]
}

run "refuses_null_as_a_setting" {
  command = plan

  variables {
    settings = { REALTIME_MODEL = "a-model", LOG_LEVEL = null }
  }

  expect_failures = [var.settings]
}

run "refuses_more_realtime_sessions_than_the_account_has" {
  command = plan

  variables {
    quotas = { realtime_sessions = 8 }
  }

  expect_failures = [output.use]
}

run "refuses_more_instances_than_a_zone_has" {
  command = plan

  variables {
    quotas = { instances_per_zone = 2 }
  }

  expect_failures = [output.use]
}

run "refuses_more_memory_than_a_zone_has" {
  command = plan

  variables {
    quotas = { memory_per_zone_gb = 0 }
  }

  expect_failures = [output.use]
}

run "refuses_more_functions_than_the_cloud_has" {
  command = plan

  variables {
    quotas = { functions = 1 }
  }

  expect_failures = [output.use]
}

run "refuses_more_queues_than_the_cloud_has" {
  command = plan

  variables {
    quotas = { queues = 3 }
  }

  expect_failures = [output.use]
}

run "refuses_quotas_without_a_zone" {
  command = plan

  variables {
    quotas = { zones = 0 }
  }

  expect_failures = [var.quotas]
}

run "refuses_functions_that_are_not_in_the_table" {
  command = plan

  variables {
    functions = ["delete_everything"]
  }

  expect_failures = [var.functions]
}

run "refuses_to_deploy_nothing" {
  command = plan

  variables {
    functions = []
  }

  expect_failures = [var.functions]
}

run "refuses_a_release_that_is_no_hash" {
  command = plan

  variables {
    release = "latest"
  }

  expect_failures = [var.release]
}
