# Alarms, in the region where their metrics are: the edge's in us-east-1, all others in the region of the service.
locals {
  durations_ms = { redirect = var.alarm_redirect_p99_ms, api = var.alarm_api_p99_ms }
  all_functions = merge(
    { for name, function in local.http_functions : name => function.timeout },
    local.has_ingest ? { ingest = var.ingest_timeout_s } : {},
  )

  lambda_functions = merge(aws_lambda_function.this, { for function in aws_lambda_function.ingest : "ingest" => function })

  alarm_actions      = concat(aws_sns_topic.alarms[*].arn, var.alarm_actions)
  edge_alarm_actions = concat(aws_sns_topic.edge_alarms[*].arn, var.edge_alarm_actions)

  if_alarms = var.alarms_enabled ? 1 : 0
}

resource "aws_sns_topic" "alarms" {
  count = local.if_alarms

  name = "${var.name}-alarms"

  tags = local.tags
}

resource "aws_sns_topic" "edge_alarms" {
  count    = local.if_alarms
  provider = aws.us_east_1

  name = "${var.name}-edge-alarms"

  tags = local.tags
}

resource "aws_sns_topic_subscription" "alarms" {
  count = var.alarms_enabled && var.alarm_email != null ? 1 : 0

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_sns_topic_subscription" "edge_alarms" {
  count    = var.alarms_enabled && var.alarm_email != null ? 1 : 0
  provider = aws.us_east_1

  topic_arn = aws_sns_topic.edge_alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# Visitors' requests that a function did not answer: it crashed, ran out of time or could not be started.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = var.alarms_enabled ? local.all_functions : {}

  alarm_name          = "${var.name}-${each.key}-errors"
  alarm_description   = "${var.name}-${each.key} failed in 2 of 3 periods of 5 minutes. Its log group has the reason."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = local.lambda_functions[each.key].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  tags = local.tags
}

# Lambda answers 429, and the edge serves nothing stale on a 4xx: a throttle is an outage for whoever meets it.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = var.alarms_enabled ? local.all_functions : {}

  alarm_name          = "${var.name}-${each.key}-throttles"
  alarm_description   = "${var.name}-${each.key} reached its concurrency or the account's: requests are refused with 429."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = local.lambda_functions[each.key].function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  tags = local.tags
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  for_each = var.alarms_enabled ? local.durations_ms : {}

  alarm_name                            = "${var.name}-${each.key}-p99"
  alarm_description                     = "1 % of the invocations of ${var.name}-${each.key} take ${each.value} ms or more, for 15 minutes."
  namespace                             = "AWS/Lambda"
  metric_name                           = "Duration"
  dimensions                            = { FunctionName = aws_lambda_function.this[each.key].function_name }
  extended_statistic                    = "p99"
  evaluate_low_sample_count_percentiles = "ignore"
  period                                = 300
  evaluation_periods                    = 3
  datapoints_to_alarm                   = 3
  comparison_operator                   = "GreaterThanOrEqualToThreshold"
  threshold                             = each.value
  treat_missing_data                    = "notBreaching"
  alarm_actions                         = local.alarm_actions
  ok_actions                            = local.alarm_actions

  tags = local.tags
}

# Each miss at the edge is paid three times: request, run and read.
resource "aws_cloudwatch_metric_alarm" "redirect_requests" {
  count = local.if_alarms

  alarm_name          = "${var.name}-redirect-requests"
  alarm_description   = "More than ${var.alarm_redirect_requests_per_minute} redirects a minute reach the origin for 5 minutes. Either a campaign or somebody guessing codes; it costs money."
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = aws_lambda_function.this["redirect"].function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_redirect_requests_per_minute
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  tags = local.tags
}

# Throttled reads and writes of the table, and writes of an index, which throttle the table's own.
resource "aws_cloudwatch_metric_alarm" "table_throttles" {
  count = local.if_alarms

  alarm_name          = "${var.name}-table-throttles"
  alarm_description   = "DynamoDB throttles the table or an index: a hot partition, a cap that was set, or growth faster than it follows."
  evaluation_periods  = 5
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  metric_query {
    id          = "throttles"
    label       = "Throttled reads and writes"
    expression  = "SUM(METRICS())"
    return_data = true
  }

  metric_query {
    id = "reads"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.links.name }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "writes"
    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.links.name }
      stat        = "Sum"
      period      = 60
    }
  }

  dynamic "metric_query" {
    for_each = toset([for index in aws_dynamodb_table.links.global_secondary_index : index.name])
    content {
      id = "index_${metric_query.value}"
      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = "WriteThrottleEvents"
        dimensions  = { TableName = aws_dynamodb_table.links.name, GlobalSecondaryIndexName = metric_query.value }
        stat        = "Sum"
        period      = 60
      }
    }
  }

  tags = local.tags
}

resource "aws_cloudwatch_metric_alarm" "ingest_failures" {
  count = var.alarms_enabled && local.has_ingest ? 1 : 0

  alarm_name          = "${var.name}-ingest-failures"
  alarm_description   = "Runs of ${var.name}-ingest failed for good and lie in the queue. Look at them, then purge the queue."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.ingest_failures[0].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  tags = local.tags
}

# By the function's own metric: how old the numbers are. Without a run there is none, which is the very symptom.
resource "aws_cloudwatch_metric_alarm" "ingest_lag" {
  count = var.alarms_enabled && local.has_ingest ? 1 : 0

  alarm_name          = "${var.name}-ingest-lag"
  alarm_description   = "For ${4 * var.ingest_interval_minutes} minutes no run of ${var.name}-ingest has counted all logs: statistics are out of date. The log of the function says what is left."
  namespace           = "Short"
  metric_name         = "IngestLag"
  dimensions          = { Function = aws_lambda_function.ingest[0].function_name }
  statistic           = "Minimum"
  period              = 4 * 60 * var.ingest_interval_minutes
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 4 * 60 * var.ingest_interval_minutes
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions

  tags = local.tags
}

resource "aws_cloudwatch_metric_alarm" "edge_errors" {
  count    = local.if_alarms
  provider = aws.us_east_1

  alarm_name          = "${var.name}-edge-5xx"
  alarm_description   = "More than ${var.alarm_edge_5xx_percent} % of the answers at the edge have a 5xx status, in 3 of 5 minutes. Stale answers do not count: visitors see these."
  namespace           = "AWS/CloudFront"
  metric_name         = "5xxErrorRate"
  dimensions          = { DistributionId = aws_cloudfront_distribution.edge.id, Region = "Global" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_edge_5xx_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.edge_alarm_actions
  ok_actions          = local.edge_alarm_actions

  tags = local.tags
}

resource "aws_cloudwatch_metric_alarm" "edge_requests" {
  count    = local.if_alarms
  provider = aws.us_east_1

  alarm_name          = "${var.name}-edge-requests"
  alarm_description   = "More than ${var.alarm_edge_requests_per_minute} requests a minute at the edge for 5 minutes. It costs money, wherever it comes from."
  namespace           = "AWS/CloudFront"
  metric_name         = "Requests"
  dimensions          = { DistributionId = aws_cloudfront_distribution.edge.id, Region = "Global" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_edge_requests_per_minute
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.edge_alarm_actions
  ok_actions          = local.edge_alarm_actions

  tags = local.tags
}
