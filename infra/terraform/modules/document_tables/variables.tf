variable "prefix" {
  description = "What stands before each table's name, separator included."
  type        = string

  validation {
    condition     = can(regex("^([0-9A-Za-z_-]+[./])*$", var.prefix))
    error_message = "A prefix is empty, or names of letters, digits, _ and -, each followed by a separator: / (a directory) or a dot."
  }
}

variable "tables" {
  description = "The tables: name, key, optional range key, optional expiry attribute, secondary indexes. All keys are strings."
  type = list(object({
    name  = string
    key   = string
    range = optional(string)
    ttl   = optional(string)
    indexes = optional(list(object({
      name  = string
      key   = string
      range = optional(string)
    })), [])
  }))

  validation {
    condition     = length(distinct(var.tables[*].name)) == length(var.tables)
    error_message = "Two tables of the definition have the same name."
  }

  validation {
    condition     = alltrue([for table in var.tables : can(regex("^[0-9A-Za-z_-]+$", table.name))])
    error_message = "A table's name has letters, digits, _ and - only; directories belong to the prefix."
  }
}
