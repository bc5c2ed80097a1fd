mock_provider "yandex" {}

variables {
  name         = "aistudio-test-delete-response"
  timeout      = 60
  queue        = { batch_size = 100, batch_cutoff = 2, max_receives = 10, max_message_size = 8192, retention = 345600 }
  dead_letters = { arn = "yrn:yc:ymq:ru-central1:b1gfolder:dead", retention = 1209600 }
}

run "a_queue_hides_a_message_for_six_timeouts_and_gives_it_up_to_the_dead_letters" {
  command = plan

  assert {
    condition     = yandex_message_queue.this.visibility_timeout_seconds == 360
    error_message = "A message may come back while the function still works on it."
  }

  assert {
    condition     = jsondecode(yandex_message_queue.this.redrive_policy) == { deadLetterTargetArn = "yrn:yc:ymq:ru-central1:b1gfolder:dead", maxReceiveCount = 10 }
    error_message = "Unexpected: ${yandex_message_queue.this.redrive_policy}."
  }
}

run "takes_a_longer_visibility_timeout" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 0, max_receives = 5, max_message_size = 262144, retention = 345600, visibility_timeout = 1000 }
  }

  assert {
    condition     = yandex_message_queue.this.visibility_timeout_seconds == 1000
    error_message = "A longer one is allowed."
  }
}

run "refuses_a_visibility_timeout_under_six_timeouts" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 0, max_receives = 5, max_message_size = 8192, retention = 345600, visibility_timeout = 359 }
  }

  expect_failures = [yandex_message_queue.this]
}

run "refuses_a_visibility_timeout_that_no_queue_has" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 0, max_receives = 5, max_message_size = 8192, retention = 345600, visibility_timeout = 43201 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_batch_that_does_not_fit_into_a_request" {
  command = plan

  variables {
    queue = { batch_size = 100, batch_cutoff = 2, max_receives = 10, max_message_size = 262144, retention = 345600 }
  }

  expect_failures = [yandex_message_queue.this]
}

run "refuses_to_keep_messages_as_long_as_dead_letters" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 0, max_receives = 5, max_message_size = 8192, retention = 1209600 }
  }

  expect_failures = [yandex_message_queue.this]
}

run "refuses_to_give_up_before_the_fifth_receive" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 0, max_receives = 4, max_message_size = 8192, retention = 345600 }
  }

  expect_failures = [var.queue]
}

run "refuses_an_empty_batch" {
  command = plan

  variables {
    queue = { batch_size = 0, batch_cutoff = 0, max_receives = 5, max_message_size = 8192, retention = 345600 }
  }

  expect_failures = [var.queue]
}

run "refuses_to_wait_longer_for_a_batch_than_triggers_do" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 21, max_receives = 5, max_message_size = 8192, retention = 345600 }
  }

  expect_failures = [var.queue]
}

run "refuses_messages_larger_than_queues_take" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 0, max_receives = 5, max_message_size = 262145, retention = 345600 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_retention_that_no_queue_has" {
  command = plan

  variables {
    queue = { batch_size = 1, batch_cutoff = 0, max_receives = 5, max_message_size = 8192, retention = 59 }
  }

  expect_failures = [var.queue]
}
