# Scheduled work: warm-ups of the functions behind URLs, and the counting of clicks.
locals {
  # What a Function URL would send for GET /api/v1/health. The domain is one that no URL can have: by it the function knows
  # a warm-up and holds its answer for a moment, so that as many warm-ups at once reach as many instances.
  warm_event = {
    version        = "2.0"
    routeKey       = "$default"
    rawPath        = "/api/v1/health"
    rawQueryString = ""
    headers = {
      host       = "warm.invalid"
      user-agent = "short-warm-up"
    }
    requestContext = {
      accountId    = "anonymous"
      apiId        = "warm"
      domainName   = "warm.invalid"
      domainPrefix = "warm"
      http = {
        method    = "GET"
        path      = "/api/v1/health"
        protocol  = "HTTP/1.1"
        sourceIp  = "127.0.0.1"
        userAgent = "short-warm-up"
      }
      requestId = "warm-up"
      routeKey  = "$default"
      stage     = "$default"
      time      = "01/Jan/2026:00:00:00 +0000"
      timeEpoch = 1767225600000
    }
    isBase64Encoded = false
  }

  warm_concurrency = { redirect = var.warm_redirect_concurrency, api = var.warm_api_concurrency }

  # EventBridge calls at most 5 targets a rule.
  targets_per_rule = 5
  warm_rules = merge([
    for function, concurrency in local.warm_concurrency : {
      for number in range(ceil(concurrency / local.targets_per_rule)) :
      "${function}-${number + 1}" => {
        function = function
        targets  = min(local.targets_per_rule, concurrency - number * local.targets_per_rule)
      }
    }
  ]...)
  warm_targets = merge([
    for rule, warm in local.warm_rules : {
      for number in range(warm.targets) : "${rule}-${number + 1}" => { rule = rule, function = warm.function }
    }
  ]...)
  warm_functions = toset([for warm in local.warm_rules : warm.function])
}

resource "aws_cloudwatch_event_rule" "warm" {
  for_each = local.warm_rules

  name                = "${var.name}-warm-${each.key}"
  description         = "Keeps instances of ${var.name}-${each.value.function} warm"
  schedule_expression = var.warm_interval_minutes == 1 ? "rate(1 minute)" : "rate(${var.warm_interval_minutes} minutes)"

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "warm" {
  for_each = local.warm_targets

  rule      = aws_cloudwatch_event_rule.warm[each.value.rule].name
  target_id = each.key
  arn       = aws_lambda_alias.live[each.value.function].arn
  input     = jsonencode(local.warm_event)

  # A warm-up that failed is not worth repeating: the next one comes.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }
}

resource "aws_lambda_permission" "warm" {
  for_each = local.warm_rules

  statement_id  = "Warm-${each.key}"
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  function_name = aws_lambda_function.this[each.value.function].function_name
  qualifier     = aws_lambda_alias.live[each.value.function].name
  source_arn    = aws_cloudwatch_event_rule.warm[each.key].arn
}

# EventBridge invokes asynchronously, and Lambda repeats such invocations by itself.
resource "aws_lambda_function_event_invoke_config" "warm" {
  for_each = local.warm_functions

  function_name                = aws_lambda_function.this[each.key].function_name
  qualifier                    = aws_lambda_alias.live[each.key].name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_cloudwatch_event_rule" "ingest" {
  count = local.has_ingest ? 1 : 0

  name                = "${var.name}-ingest"
  description         = "Counts the clicks of new access logs"
  schedule_expression = var.ingest_interval_minutes == 1 ? "rate(1 minute)" : "rate(${var.ingest_interval_minutes} minutes)"

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "ingest" {
  count = local.has_ingest ? 1 : 0

  rule      = aws_cloudwatch_event_rule.ingest[0].name
  target_id = "ingest"
  arn       = aws_lambda_alias.ingest[0].arn

  # What cannot be handed to Lambda: throttled, or not permitted.
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 3
  }

  dead_letter_config {
    arn = aws_sqs_queue.ingest_failures[0].arn
  }
}

resource "aws_lambda_permission" "ingest" {
  count = local.has_ingest ? 1 : 0

  statement_id  = "Schedule"
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  function_name = aws_lambda_function.ingest[0].function_name
  qualifier     = aws_lambda_alias.ingest[0].name
  source_arn    = aws_cloudwatch_event_rule.ingest[0].arn
}

# What Lambda took and the function failed at, twice.
resource "aws_lambda_function_event_invoke_config" "ingest" {
  count = local.has_ingest ? 1 : 0

  function_name                = aws_lambda_function.ingest[0].function_name
  qualifier                    = aws_lambda_alias.ingest[0].name
  maximum_event_age_in_seconds = 3600
  maximum_retry_attempts       = 1

  destination_config {
    on_failure {
      destination = aws_sqs_queue.ingest_failures[0].arn
    }
  }

  # The role must be allowed to send before Lambda takes the destination.
  depends_on = [aws_iam_role_policy.function]
}

# Runs that failed for good. Nothing is lost with them, the next run counts the same hours; they are here to be looked at.
resource "aws_sqs_queue" "ingest_failures" {
  count = local.has_ingest ? 1 : 0

  name                      = "${var.name}-ingest-failures"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true

  tags = local.tags
}

resource "aws_sqs_queue_policy" "ingest_failures" {
  count = local.has_ingest ? 1 : 0

  queue_url = aws_sqs_queue.ingest_failures[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Schedule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.ingest_failures[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.ingest[0].arn } }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.ingest_failures[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
