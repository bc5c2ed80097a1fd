mock_provider "aws" {}

variables {
  prefix = "aistudio/"
  tables = [
    { name = "ledger", key = "key", ttl = "expires_at", indexes = [] },
    {
      name  = "registry"
      key   = "response_id"
      range = "stored_at"
      indexes = [
        { name = "by_chain", key = "chain", range = "stored_at" },
        { name = "by_subject", key = "subject" },
      ]
    },
  ]
}

run "tables_have_their_keys_expiry_and_whole_row_indexes" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this["ledger"].name == "aistudio/ledger" && aws_dynamodb_table.this["ledger"].hash_key == "key" && aws_dynamodb_table.this["ledger"].range_key == null
    error_message = "The name is the prefix and the definition's name."
  }

  assert {
    condition     = one(aws_dynamodb_table.this["ledger"].ttl).attribute_name == "expires_at" && one(aws_dynamodb_table.this["ledger"].ttl).enabled
    error_message = "Rows of calls expire."
  }

  assert {
    condition     = length(aws_dynamodb_table.this["registry"].ttl) == 0 && aws_dynamodb_table.this["registry"].range_key == "stored_at"
    error_message = "Expiry and range key are optional."
  }

  assert {
    condition     = alltrue([for index in aws_dynamodb_table.this["registry"].global_secondary_index : index.projection_type == "ALL"])
    error_message = "YDB has no other projection."
  }

  assert {
    condition     = toset(aws_dynamodb_table.this["registry"].attribute[*].name) == toset(["response_id", "stored_at", "chain", "subject"])
    error_message = "Attributes are the keys, and only they."
  }

  assert {
    condition     = aws_dynamodb_table.this["registry"].billing_mode == "PAY_PER_REQUEST"
    error_message = "YDB has no other."
  }
}

run "refuses_two_tables_of_one_name" {
  command = plan

  variables {
    tables = [{ name = "ledger", key = "key" }, { name = "ledger", key = "other" }]
  }

  expect_failures = [var.tables]
}

run "refuses_a_directory_in_a_name" {
  command = plan

  variables {
    tables = [{ name = "aistudio/ledger", key = "key" }]
  }

  expect_failures = [var.tables]
}

run "refuses_a_prefix_without_a_separator" {
  command = plan

  variables {
    prefix = "aistudio"
  }

  expect_failures = [var.prefix]
}
