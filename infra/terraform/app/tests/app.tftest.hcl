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
    evidence_bucket       = "evidence"
    accounts = {
      deleter   = { id = "ajedeleter", key_secret_id = "e6qdeleter", key_version_id = "e6v1" }
      generator = { id = "ajegenerator", key_secret_id = "e6qgenerator", key_version_id = "e6v2" }
      reader    = { id = "ajereader", key_secret_id = "e6qreader", key_version_id = "e6v1" }
      sweeper   = { id = "ajesweeper", key_secret_id = "e6qsweeper", key_version_id = "e6v1" }
    }
    hash_key = { secret_id = "e6qhash", version_id = "e6v3" }
  }
  release  = "0000000000000000000000000000000000000000000000000000000000000001"
  settings = { REALTIME_MODEL = "a-model" }
}

run "the_default_set_fits_a_new_cloud_with_the_roles_queues_and_limits_it_needs" {
  command = plan

  assert {
    condition     = output.use.here == output.use.cloud && output.use.here.functions <= 10 && output.use.here.queues <= 10 && output.use.here.instances <= 10 && output.use.here.realtime_sessions <= 10
    error_message = "A first deployment would end in the middle."
  }

  assert {
    condition     = yandex_message_queue.dead_letters.message_retention_seconds == 1209600 && yandex_message_queue.results.message_retention_seconds < 1209600
    error_message = "14 days is the most there is."
  }

  assert {
    condition     = yandex_message_queue.dead_letters.redrive_policy == null
    error_message = "Nothing comes after the dead-letter queue."
  }

  assert {
    condition = alltrue([
      for grant in concat([yandex_resourcemanager_folder_iam_member.trigger], values(yandex_resourcemanager_folder_iam_member.sender)) :
      startswith(grant.role, "ymq.") && grant.folder_id == "b1gfolder"
    ])
    error_message = "Roles on the folder are ymq.* only."
  }

  assert {
    condition     = yandex_resourcemanager_folder_iam_member.trigger.role == "ymq.reader"
    error_message = "The trigger account reads queues and writes to none."
  }

  assert {
    condition     = keys(yandex_resourcemanager_folder_iam_member.aistudio) == ["deleter:ai.assistants.editor", "generator:ai.models.user", "reader:ai.assistants.editor"]
    error_message = "Unexpected: ${join(", ", keys(yandex_resourcemanager_folder_iam_member.aistudio))}."
  }

  assert {
    condition     = local.settings.delete_response.QUEUE_RETENTION == "345600s" && local.settings.delete_response.QUEUE_MAX_BYTES == "16384"
    error_message = "What the code reckons with is what the queue has."
  }

  assert {
    condition     = alltrue([for grant in concat([yandex_resourcemanager_folder_iam_member.trigger], values(yandex_resourcemanager_folder_iam_member.sender), values(yandex_resourcemanager_folder_iam_member.aistudio)) : grant.sleep_after >= 20])
    error_message = "A role takes 20 s to work: a first deployment would fail at its triggers."
  }
}

run "a_subset_brings_only_what_it_needs" {
  command = plan

  variables {
    set      = "deletions"
    settings = {}
  }

  assert {
    condition     = keys(output.queues) == ["delete_response", "verify_deletion"] && keys(yandex_resourcemanager_folder_iam_member.sender) == ["deleter", "reader", "sweeper"]
    error_message = "No account gets roles for functions that are not deployed."
  }
}

run "only_what_sweeps_sees_how_much_waits_in_queues_and_the_policies_reach_what_registers" {
  command = plan

  variables {
    set      = "retention"
    settings = {}
    platform = merge(var.platform, {
      accounts = {
        for name in ["deleter", "keeper", "reader", "sealer", "sweeper"] : name => { id = "aje${name}", key_secret_id = "e6q${name}", key_version_id = "e6v1" }
      }
    })
  }

  assert {
    condition     = values(yandex_resourcemanager_folder_iam_member.sweeper)[*].member == ["serviceAccount:ajesweeper"] && yandex_resourcemanager_folder_iam_member.sweeper["sweeper"].role == "ymq.reader"
    error_message = "Reading queues is the sweep's alone."
  }

  assert {
    condition     = contains(output.environment.retention_sweep.names, "DELETE_RESPONSE_QUEUE_URL") && jsondecode(local.settings.register_response.RETENTION_POLICIES).default.keep_for == "30d"
    error_message = "The sweep sends deletions, and what registers knows the policies."
  }

  assert {
    condition     = [for name, settings in local.settings : name if can(settings.EVIDENCE_BUCKET)] == ["seal_receipts"] && contains(output.environment.seal_receipts.names, "RESULTS_QUEUE_URL")
    error_message = "What seals knows its bucket, and where the heads go; no other does."
  }
}

run "api_keys_replace_the_roles_and_each_account_gets_its_own" {
  command = plan

  variables {
    api_keys = {
      deleter   = { secret_id = "e6qdeletes", version_id = "e6v4", key = "api-key" }
      generator = { secret_id = "e6qgenerates", version_id = "e6v5", key = "api-key" }
      reader    = { secret_id = "e6qreads", version_id = "e6v6", key = "api-key" }
    }
  }

  assert {
    condition     = length(yandex_resourcemanager_folder_iam_member.aistudio) == 0
    error_message = "With keys, the keys' own accounts are asked."
  }

  assert {
    condition = { for grant in values(yandex_lockbox_secret_iam_member.secret) : grant.member => grant.secret_id } == {
      "serviceAccount:ajedeleter" = "e6qdeletes", "serviceAccount:ajegenerator" = "e6qgenerates", "serviceAccount:ajereader" = "e6qreads"
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
    set      = "deletions"
    settings = {}
    api_keys = {
      deleter = { secret_id = "e6qdeletes", version_id = "e6v4", key = "api-key" }
      reader  = { secret_id = "e6qreads", version_id = "e6v6", key = "api-key" }
    }
  }

  assert {
    condition     = keys(yandex_lockbox_secret_iam_member.secret) == ["deleter:api_key", "reader:api_key"]
    error_message = "Unexpected: ${join(", ", keys(yandex_lockbox_secret_iam_member.secret))}."
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
      reader    = { secret_id = "e6qreads", version_id = "e6v7", key = "api-key" }
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
      reader    = { secret_id = "e6qreads", version_id = "e6v6", key = "api-key" }
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

run "fields_that_an_environment_allows_reach_what_creates_and_no_other" {
  command = plan

  variables {
    set      = "responses"
    settings = { AISTUDIO_ALLOW_FIELDS = "metadata,truncation" }
    platform = merge(var.platform, {
      accounts = {
        for name in ["creator", "deleter", "reader", "sweeper"] : name => { id = "aje${name}", key_secret_id = "e6q${name}", key_version_id = "e6v1" }
      }
    })
  }

  assert {
    condition     = { for name, settings in local.settings : name => settings.AISTUDIO_ALLOW_FIELDS if can(settings.AISTUDIO_ALLOW_FIELDS) } == { create_response = "metadata,truncation" } && contains(output.environment.create_response.names, "AISTUDIO_ALLOW_FIELDS")
    error_message = "What is allowed is create_response's setting alone, and the environment's value counts."
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

run "counts_realtime_sessions_as_generations_too" {
  command = plan

  variables {
    quotas = { generations = 8 }
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

run "refuses_a_set_that_is_not_in_the_table" {
  command = plan

  variables {
    set = "everything"
  }

  expect_failures = [var.set]
}

run "another_environment_in_the_same_cloud_counts_too" {
  command = plan

  variables {
    platform = merge(var.platform, { cloud_id = "b1gcloud00000000prod" })
    quotas   = { realtime_sessions = 18, generations = 18 }
  }

  assert {
    condition     = output.use.here.functions == 4 && output.use.cloud.functions == 8 && output.use.cloud.queues == 10 && output.use.cloud.instances == 2 * output.use.here.instances
    error_message = "A quota belongs to the whole cloud."
  }
}

run "refuses_what_does_not_fit_beside_another_environment" {
  command = plan

  variables {
    platform = merge(var.platform, { cloud_id = "b1gcloud00000000prod" })
    quotas   = { realtime_sessions = 18, generations = 18, queues = 7 }
  }

  expect_failures = [output.use]
}

run "refuses_an_account_that_platform_does_not_have_yet" {
  command = plan

  variables {
    platform = merge(var.platform, { accounts = { deleter = var.platform.accounts.deleter } })
  }

  expect_failures = [var.platform]
}

run "one_function_can_run_another_release" {
  command = plan

  variables {
    releases = { delete_response = "0000000000000000000000000000000000000000000000000000000000000002" }
  }

  assert {
    condition     = endswith(output.releases.delete_response, "2") && endswith(output.releases.realtime_response_create, "1")
    error_message = "The others run what they are given for all."
  }
}

run "refuses_another_release_of_a_function_that_is_not_there" {
  command = plan

  variables {
    releases = { delete_everything = "0000000000000000000000000000000000000000000000000000000000000002" }
  }

  expect_failures = [var.releases]
}

run "refuses_another_release_that_is_no_hash" {
  command = plan

  variables {
    releases = { delete_response = "latest" }
  }

  expect_failures = [var.releases]
}

run "refuses_a_secret_under_a_name_of_platform_s" {
  command = plan

  variables {
    secrets = { hash_key = { secret_id = "e6q", version_id = "e6v", key = "HASH_KEY" } }
  }

  expect_failures = [var.secrets]
}

run "refuses_a_release_that_is_no_hash" {
  command = plan

  variables {
    release = "latest"
  }

  expect_failures = [var.release]
}
