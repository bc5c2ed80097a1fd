output "names" {
  description = "The tables' full names."
  value       = sort([for table in aws_dynamodb_table.this : table.name])
}
