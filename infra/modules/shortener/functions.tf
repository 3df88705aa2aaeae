# One image, three functions. Each publishes a version at each change, and the alias `live` is what everything calls.
locals {
  site_environment = merge(
    {
      SHORT_EDGE  = "cloudfront"
      SHORT_LOG   = var.log_filter
      SHORT_TABLE = local.table_name
    },
    local.base_url == null ? {} : { SHORT_BASE_URL = local.base_url },
    var.security_contact == null ? {} : { SHORT_SECURITY_CONTACT = var.security_contact },
  )

  http_functions = {
    redirect = {
      command     = ["redirect"]
      entry_point = null
      memory      = var.redirect_memory_mb
      timeout     = var.redirect_timeout_s
      reserved    = var.redirect_reserved_concurrency
      provisioned = var.redirect_provisioned_concurrency
      environment = local.site_environment
    }
    api = {
      command     = ["api"]
      entry_point = null
      memory      = var.api_memory_mb
      timeout     = var.api_timeout_s
      reserved    = var.api_reserved_concurrency
      provisioned = var.api_provisioned_concurrency
      environment = local.site_environment
    }
  }

  functions = merge(local.http_functions, !local.has_ingest ? {} : {
    ingest = {
      command     = null
      entry_point = ["/shortener-ingest"]
      memory      = var.ingest_memory_mb
      timeout     = var.ingest_timeout_s
      reserved    = var.ingest_reserved_concurrency
      provisioned = 0
      environment = merge(
        {
          SHORT_LOG        = var.log_filter
          SHORT_LOG_BUCKET = aws_s3_bucket.access_logs[0].id
          SHORT_LOG_PREFIX = "${local.access_log_prefix}/"
          SHORT_TABLE      = local.table_name
        },
        var.ingest_expected_requests ? { SHORT_EXPECTED_REQUESTS = "cloudwatch" } : {},
      )
    }
  })
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn

  tags = local.tags
}

resource "aws_lambda_function" "this" {
  for_each = local.http_functions

  function_name                  = "${var.name}-${each.key}"
  role                           = aws_iam_role.function[each.key].arn
  package_type                   = "Image"
  image_uri                      = var.image_uri
  architectures                  = [var.architecture]
  memory_size                    = each.value.memory
  timeout                        = each.value.timeout
  reserved_concurrent_executions = each.value.reserved == null ? -1 : each.value.reserved
  publish                        = true

  image_config {
    command     = each.value.command
    entry_point = each.value.entry_point
  }

  environment {
    variables = each.value.environment
  }

  # The functions write JSON themselves, embedded metrics among it, and `SHORT_LOG` filters: Lambda is to drop nothing.
  logging_config {
    log_format            = "JSON"
    application_log_level = "TRACE"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = var.xray_tracing ? "Active" : "PassThrough"
  }

  tags = local.tags
}

# The edge calls all functions but this one, which therefore can be told whose logs it counts: a resource of its own, for
# Terraform knows dependencies of resources and not of their instances.
resource "aws_lambda_function" "ingest" {
  count = local.has_ingest ? 1 : 0

  function_name                  = "${var.name}-ingest"
  role                           = aws_iam_role.function["ingest"].arn
  package_type                   = "Image"
  image_uri                      = var.image_uri
  architectures                  = [var.architecture]
  memory_size                    = local.functions.ingest.memory
  timeout                        = local.functions.ingest.timeout
  reserved_concurrent_executions = local.functions.ingest.reserved == null ? -1 : local.functions.ingest.reserved
  publish                        = true

  image_config {
    command     = local.functions.ingest.command
    entry_point = local.functions.ingest.entry_point
  }

  environment {
    variables = merge(local.functions.ingest.environment, { SHORT_DISTRIBUTION_ID = aws_cloudfront_distribution.edge.id })
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "TRACE"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.function["ingest"].name
  }

  tracing_config {
    mode = var.xray_tracing ? "Active" : "PassThrough"
  }

  tags = local.tags
}

resource "aws_lambda_alias" "live" {
  for_each = local.http_functions

  name             = "live"
  description      = "The version in use"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = coalesce(var.pinned_versions[each.key], aws_lambda_function.this[each.key].version)
}

resource "aws_lambda_alias" "ingest" {
  count = local.has_ingest ? 1 : 0

  name             = "live"
  description      = "The version in use"
  function_name    = aws_lambda_function.ingest[0].function_name
  function_version = coalesce(var.pinned_versions.ingest, aws_lambda_function.ingest[0].version)
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  for_each = { for name, function in local.http_functions : name => function if function.provisioned > 0 }

  function_name                     = aws_lambda_function.this[each.key].function_name
  qualifier                         = aws_lambda_alias.live[each.key].name
  provisioned_concurrent_executions = each.value.provisioned
}

moved {
  from = aws_lambda_function.this["ingest"]
  to   = aws_lambda_function.ingest[0]
}

moved {
  from = aws_lambda_alias.live["ingest"]
  to   = aws_lambda_alias.ingest[0]
}
