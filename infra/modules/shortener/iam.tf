# What each function may do. A test compares `table_actions` with the calls that the functions are seen to make; no role
# has `dynamodb:Scan`, or `dynamodb:BatchWriteItem`, which overwrites silently. A transaction needs the actions of its
# parts.
locals {
  table_actions = {
    redirect = {
      # The strong read of each click, the eventual one when that fails, and what is left of a limited link.
      read_links = ["dynamodb:GetItem"]
      # Domains and their policy, once a minute.
      list_domains = ["dynamodb:Query"]
      # A click of a limited link: the only write on the path of a redirect.
      take_quota = ["dynamodb:UpdateItem"]
    }
    api = {
      table = [
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
      ]
      indexes = ["dynamodb:Query"]
    }
    ingest = {
      # Statistics are set under a generation, and the lease is given back.
      table = [
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
      ]
    }
  }

  table_arn = aws_dynamodb_table.links.arn
  index_arns = [
    "${local.table_arn}/index/by_created",
    "${local.table_arn}/index/by_target",
    "${local.table_arn}/index/top",
  ]

  # What a statement of the redirect function is restricted to. It can read neither the keys of the API nor the secret.
  partitions = {
    links   = ["LINK#*", "QUOTA#*"]
    domains = ["DOMAINS"]
    quotas  = ["QUOTA#*"]
  }

  # `ForAllValues` also holds of a request that names no partition key at all, which the second condition refuses.
  only_partitions = {
    for name, partitions in local.partitions :
    name => {
      "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = partitions }
      Null                      = { "dynamodb:LeadingKeys" = "false" }
    }
  }

  table_statements = {
    redirect = [
      {
        Sid       = "ReadLinks"
        Effect    = "Allow"
        Action    = local.table_actions.redirect.read_links
        Resource  = [local.table_arn]
        Condition = local.only_partitions.links
      },
      {
        Sid       = "ListDomains"
        Effect    = "Allow"
        Action    = local.table_actions.redirect.list_domains
        Resource  = [local.table_arn]
        Condition = local.only_partitions.domains
      },
      {
        Sid       = "TakeQuota"
        Effect    = "Allow"
        Action    = local.table_actions.redirect.take_quota
        Resource  = [local.table_arn]
        Condition = local.only_partitions.quotas
      },
    ]
    api = [
      {
        Sid      = "Table"
        Effect   = "Allow"
        Action   = local.table_actions.api.table
        Resource = [local.table_arn]
      },
      {
        Sid      = "Indexes"
        Effect   = "Allow"
        Action   = local.table_actions.api.indexes
        Resource = local.index_arns
      },
    ]
    ingest = [
      {
        Sid      = "Table"
        Effect   = "Allow"
        Action   = local.table_actions.ingest.table
        Resource = [local.table_arn]
      },
      # Counting clicks never touches the API's keys.
      {
        Sid       = "NoKeys"
        Effect    = "Deny"
        Action    = local.table_actions.ingest.table
        Resource  = [local.table_arn]
        Condition = { "ForAnyValue:StringLike" = { "dynamodb:LeadingKeys" = ["KEYS"] } }
      },
    ]
  }

  log_statements = {
    for role, group in aws_cloudwatch_log_group.function :
    role => [{
      Sid    = "WriteLog"
      Effect = "Allow"
      Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
      # The streams of its own group and no other.
      Resource = ["${group.arn}:*"]
    }]
  }

  purge_statements = {
    api = [{
      Sid      = "PurgeEdge"
      Effect   = "Allow"
      Action   = ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"]
      Resource = [aws_cloudfront_distribution.edge.arn]
    }]
  }

  ledger_statements = {
    ingest = flatten([
      for bucket in aws_s3_bucket.access_logs : [
        {
          Sid       = "ListAccessLogs"
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = [bucket.arn]
          Condition = { StringLike = { "s3:prefix" = ["${local.access_log_prefix}/*"] } }
        },
        {
          Sid      = "ReadAccessLogs"
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = ["${bucket.arn}/${local.access_log_prefix}/*"]
        },
        {
          Sid      = "ReportFailure"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = [aws_sqs_queue.ingest_failures[0].arn]
        },
      ] if local.has_ingest
    ])
  }

  # CloudWatch's metrics know no resources: a wildcard, and only where the number of requests is asked for.
  meter_statements = {
    ingest = var.ingest_expected_requests ? [{
      Sid      = "ReadMetrics"
      Effect   = "Allow"
      Action   = ["cloudwatch:GetMetricStatistics"]
      Resource = ["*"]
    }] : []
  }

  # DynamoDB uses the table's key in the name of whoever calls it.
  key_statements = var.table_kms_key_arn == null ? [] : [{
    Sid       = "UseTableKey"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    Resource  = [var.table_kms_key_arn]
    Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${local.region}.amazonaws.com" } }
  }]

  # X-Ray knows no resources: a wildcard, and only where tracing is asked for.
  trace_statements = var.xray_tracing ? [{
    Sid      = "Trace"
    Effect   = "Allow"
    Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    Resource = ["*"]
  }] : []
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name        = "${var.name}-${each.key}"
  description = "Of the Lambda function ${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "function"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.table_statements[each.key],
      local.log_statements[each.key],
      lookup(local.purge_statements, each.key, []),
      lookup(local.ledger_statements, each.key, []),
      lookup(local.meter_statements, each.key, []),
      local.key_statements,
      local.trace_statements,
    )
  })
}
