# Everything durable is in this table. Its key schema is owned by `shortener-core/src/table/keys.rs`; the names here are
# copies, spelled out so that a test can compare them.
resource "aws_dynamodb_table" "links" {
  name                        = local.table_name
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = var.table_deletion_protection
  hash_key                    = "pk"
  range_key                   = "sk"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  attribute {
    name = "created_pk"
    type = "S"
  }

  attribute {
    name = "created_sk"
    type = "S"
  }

  attribute {
    name = "target_pk"
    type = "S"
  }

  attribute {
    name = "target_sk"
    type = "S"
  }

  attribute {
    name = "top_pk"
    type = "S"
  }

  attribute {
    name = "top_clicks"
    type = "N"
  }

  global_secondary_index {
    name            = "by_created"
    hash_key        = "created_pk"
    range_key       = "created_sk"
    projection_type = "ALL"

    dynamic "on_demand_throughput" {
      for_each = local.table_caps
      content {
        max_read_request_units  = on_demand_throughput.value.read
        max_write_request_units = on_demand_throughput.value.write
      }
    }
  }

  global_secondary_index {
    name            = "by_target"
    hash_key        = "target_pk"
    range_key       = "target_sk"
    projection_type = "KEYS_ONLY"

    dynamic "on_demand_throughput" {
      for_each = local.table_caps
      content {
        max_read_request_units  = on_demand_throughput.value.read
        max_write_request_units = on_demand_throughput.value.write
      }
    }
  }

  global_secondary_index {
    name            = "top"
    hash_key        = "top_pk"
    range_key       = "top_clicks"
    projection_type = "KEYS_ONLY"

    dynamic "on_demand_throughput" {
      for_each = local.table_caps
      content {
        max_read_request_units  = on_demand_throughput.value.read
        max_write_request_units = on_demand_throughput.value.write
      }
    }
  }

  # Collects garbage, days late. That a link is over is decided by the clock and never by its absence.
  ttl {
    attribute_name = "purge_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = var.table_recovery_days
  }

  dynamic "on_demand_throughput" {
    for_each = local.table_caps
    content {
      max_read_request_units  = on_demand_throughput.value.read
      max_write_request_units = on_demand_throughput.value.write
    }
  }

  # Without this block the table is encrypted with a key that AWS owns.
  dynamic "server_side_encryption" {
    for_each = var.table_kms_key_arn == null ? [] : [var.table_kms_key_arn]
    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }

  tags = local.tags
}

locals {
  # -1 is how DynamoDB spells that there is no cap.
  table_caps = var.table_max_read_units == null && var.table_max_write_units == null ? [] : [{
    read  = coalesce(var.table_max_read_units, -1)
    write = coalesce(var.table_max_write_units, -1)
  }]
}
