data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  tags       = merge({ Service = var.name }, var.tags)
  table_name = coalesce(var.table_name, var.name)

  hosts    = var.domain_name == null ? [] : concat([var.domain_name], var.additional_domain_names)
  base_url = var.base_url != null ? var.base_url : (var.domain_name != null ? "https://${var.domain_name}" : null)

  has_ingest = var.ingest_enabled && var.access_logs_enabled
}
