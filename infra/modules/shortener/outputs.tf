output "distribution_url" {
  description = "URL of the distribution itself: what `base_url` is where there is no domain."
  value       = "https://${aws_cloudfront_distribution.edge.domain_name}"
}

output "distribution_id" {
  description = "Id of the distribution, which purges name."
  value       = aws_cloudfront_distribution.edge.id
}

output "distribution_domain_name" {
  description = "What a CNAME or ALIAS record of a host points at where DNS is elsewhere."
  value       = aws_cloudfront_distribution.edge.domain_name
}

output "base_url" {
  description = "Base URL of the default domain as the functions know it; null until `base_url` or `domain_name` is set."
  value       = local.base_url
}

output "table_name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.links.name
}

output "table_arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.links.arn
}

output "access_log_bucket" {
  description = "Bucket of the access logs; null where there are none."
  value       = one(aws_s3_bucket.access_logs[*].id)
}

output "function_names" {
  description = "Names of the functions by role."
  value       = { for role, function in local.lambda_functions : role => function.function_name }
}

output "live_versions" {
  description = "Version that the alias `live` of each function stands at, for `pinned_versions`."
  value = merge(
    { for role, alias in aws_lambda_alias.live : role => alias.function_version },
    { for alias in aws_lambda_alias.ingest : "ingest" => alias.function_version },
  )
}

output "alarm_topic_arns" {
  description = "Topics of the alarms: of the service's region, then of us-east-1."
  value       = concat(aws_sns_topic.alarms[*].arn, aws_sns_topic.edge_alarms[*].arn)
}

locals {
  profile_url = coalesce(local.base_url, "https://${aws_cloudfront_distribution.edge.domain_name}")
}

output "api_profile_command" {
  description = "Command that teaches the CLI the API; it asks for an API key."
  value       = "short profiles add ${var.name} --api ${local.profile_url}"
}

output "table_profile_command" {
  description = "Command that teaches the CLI the table, for whoever has `table_access_policy` and AWS credentials."
  value = join(" ", [
    "short profiles add ${var.name}-table",
    "--table ${local.table_name}",
    "--region ${local.region}",
    "--base-url ${local.profile_url}",
    "--distribution ${aws_cloudfront_distribution.edge.id}",
  ])
}

output "table_access_policy" {
  description = "IAM policy, in JSON, that the CLI needs on the table itself: what `api` may do, bulk inserts, and to look at the table's settings."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.table_statements.api,
      local.purge_statements.api,
      local.key_statements,
      [{
        Sid    = "BulkAndStatus"
        Effect = "Allow"
        Action = [
          "dynamodb:DescribeContinuousBackups",
          "dynamodb:DescribeTable",
          "dynamodb:DescribeTimeToLive",
          "dynamodb:PartiQLInsert",
        ]
        Resource = [local.table_arn]
      }],
    )
  })
}
