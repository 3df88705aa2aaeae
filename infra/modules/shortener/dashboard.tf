# One screen, from the visitor inwards. The functions' own metrics are searched for, whatever dimensions they have beside
# the function's name.
locals {
  edge_dimensions  = ["DistributionId", aws_cloudfront_distribution.edge.id, "Region", "Global"]
  table_dimensions = ["TableName", local.table_name]

  # Two in a row. A metric is a list as CloudWatch takes it: namespace, name and dimensions, or an expression.
  dashboard_graphs = [
    {
      title  = "Requests at the edge, a minute"
      region = "us-east-1"
      stat   = "Sum"
      metrics = [
        concat(["AWS/CloudFront", "Requests"], local.edge_dimensions),
      ]
    },
    {
      title  = "Errors at the edge, percent"
      region = "us-east-1"
      stat   = "Average"
      metrics = [
        concat(["AWS/CloudFront", "4xxErrorRate"], local.edge_dimensions),
        concat(["AWS/CloudFront", "5xxErrorRate"], local.edge_dimensions),
      ]
    },
    {
      title   = "Invocations, a minute"
      region  = local.region
      stat    = "Sum"
      metrics = [for name in keys(local.all_functions) : ["AWS/Lambda", "Invocations", "FunctionName", "${var.name}-${name}"]]
    },
    {
      title  = "Errors and throttles, a minute"
      region = local.region
      stat   = "Sum"
      metrics = flatten([
        for name in keys(local.all_functions) : [
          for metric in ["Errors", "Throttles"] : [["AWS/Lambda", metric, "FunctionName", "${var.name}-${name}"]]
        ]
      ])
    },
    {
      title   = "Duration of one in a hundred, ms"
      region  = local.region
      stat    = "p99"
      metrics = [for name in keys(local.durations_ms) : ["AWS/Lambda", "Duration", "FunctionName", "${var.name}-${name}"]]
    },
    {
      title   = "Concurrent instances"
      region  = local.region
      stat    = "Maximum"
      metrics = [for name in keys(local.all_functions) : ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", "${var.name}-${name}"]]
    },
    {
      title  = "Units consumed by the table, a minute"
      region = local.region
      stat   = "Sum"
      metrics = [
        concat(["AWS/DynamoDB", "ConsumedReadCapacityUnits"], local.table_dimensions),
        concat(["AWS/DynamoDB", "ConsumedWriteCapacityUnits"], local.table_dimensions),
      ]
    },
    {
      title  = "Throttles of the table, a minute"
      region = local.region
      stat   = "Sum"
      metrics = [
        concat(["AWS/DynamoDB", "ReadThrottleEvents"], local.table_dimensions),
        concat(["AWS/DynamoDB", "WriteThrottleEvents"], local.table_dimensions),
      ]
    },
    {
      title   = "Clicks at the origin by outcome, a minute"
      region  = local.region
      stat    = "Sum"
      metrics = [[{ id = "clicks", expression = "SEARCH('Namespace=\"Short\" MetricName=\"Redirects\" Function=\"${var.name}-redirect\"', 'Sum', 60)" }]]
    },
    {
      title   = "Table operations, one in a hundred, ms"
      region  = local.region
      stat    = "p99"
      metrics = [for name in keys(local.http_functions) : [{ id = name, expression = "SEARCH('Namespace=\"Short\" MetricName=\"StoreLatency\" Function=\"${var.name}-${name}\"', 'p99', 60)" }]]
    },
    {
      title   = "Failed table operations, a minute"
      region  = local.region
      stat    = "Sum"
      metrics = [for name in keys(local.http_functions) : [{ id = name, expression = "SEARCH('Namespace=\"Short\" MetricName=\"StoreFailures\" Function=\"${var.name}-${name}\"', 'Sum', 60)" }]]
    },
    {
      title   = "Cold starts, a minute"
      region  = local.region
      stat    = "Sum"
      metrics = [for name in keys(local.http_functions) : [{ id = name, expression = "SEARCH('Namespace=\"Short\" MetricName=\"ColdStarts\" Function=\"${var.name}-${name}\"', 'Sum', 60)" }]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard_enabled ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      for position, graph in local.dashboard_graphs : {
        type   = "metric"
        x      = (position % 2) * 12
        y      = floor(position / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = graph.title
          region  = graph.region
          view    = "timeSeries"
          stat    = graph.stat
          period  = 60
          metrics = graph.metrics
        }
      }
    ]
  })
}
