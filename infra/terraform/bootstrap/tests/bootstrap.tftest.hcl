mock_provider "yandex" {}

variables {
  environment        = "test"
  cloud_id           = "b1gcloud"
  folder_id          = "b1gfolder"
  aistudio_folder_id = "b1gaistudio"
  state_bucket       = "test-states"
  package_bucket     = "test-packages"
}

run "states_are_versioned_encrypted_and_private" {
  command = plan

  assert {
    condition     = yandex_storage_bucket.states.versioning[0].enabled && length(yandex_storage_bucket.states.server_side_encryption_configuration) == 1
    error_message = "A state has to survive a mistake, and be of no use to who copies it."
  }

  assert {
    condition     = alltrue([for bucket in [yandex_storage_bucket.states, yandex_storage_bucket.packages] : !one(bucket.anonymous_access_flags).read && !one(bucket.anonymous_access_flags).list && !one(bucket.anonymous_access_flags).config_read])
    error_message = "Nobody reads a bucket without asking."
  }
}

run "the_deployer_may_grant_roles_where_the_functions_need_them" {
  command = plan

  assert {
    condition     = yandex_resourcemanager_folder_iam_member.deployer_aistudio[0].folder_id == "b1gaistudio"
    error_message = "The functions' accounts need roles on the AI Studio folder."
  }
}

run "one_folder_for_all_needs_no_second_grant" {
  command = plan

  variables {
    aistudio_folder_id = "b1gfolder"
  }

  assert {
    condition     = length(yandex_resourcemanager_folder_iam_member.deployer_aistudio) == 0
    error_message = "The deployer has that role on the folder already."
  }
}

run "refuses_an_environment_that_makes_names_too_long" {
  command = plan

  variables {
    environment = "staging-of-the-north"
  }

  expect_failures = [var.environment]
}

run "refuses_a_name_that_no_bucket_has" {
  command = plan

  variables {
    state_bucket   = "Test_States"
    package_bucket = "no"
  }

  expect_failures = [var.state_bucket, var.package_bucket]
}
