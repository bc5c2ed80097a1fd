# The one way to declare document tables: yandex_ydb_table makes row tables, which the Document API can't write.
resource "aws_dynamodb_table" "this" {
  for_each = { for table in var.tables : table.name => table }

  name         = "${var.prefix}${each.key}"
  billing_mode = "PAY_PER_REQUEST" # YDB has no other
  hash_key     = each.value.key
  range_key    = each.value.range

  dynamic "attribute" {
    for_each = toset([
      for name in flatten([for of in concat([each.value], each.value.indexes) : [of.key, of.range]]) : name if name != null
    ])

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "ttl" {
    for_each = each.value.ttl[*]

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  dynamic "global_secondary_index" {
    for_each = each.value.indexes

    content {
      name            = global_secondary_index.value.name
      hash_key        = global_secondary_index.value.key
      range_key       = global_secondary_index.value.range
      projection_type = "ALL" # YDB has no other
    }
  }

  lifecycle {
    prevent_destroy = true # receipts and holds: a changed key is a migration, not a replacement
  }
}
