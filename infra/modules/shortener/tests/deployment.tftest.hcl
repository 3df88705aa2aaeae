# The module against a provider that answers without AWS: what is made, what it is allowed, and what options change.
# It proves what Terraform would send; not that AWS takes it or acts on it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/short" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mock" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:mock", version = "7" }
  }
  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:mock:live" }
  }
  mock_resource "aws_lambda_function_url" {
    defaults = { function_url = "https://mock.lambda-url.eu-central-1.on.aws/" }
  }
  mock_resource "aws_cloudfront_function" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:function/mock" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      arn         = "arn:aws:cloudfront::123456789012:distribution/EMOCK"
      id          = "EMOCK"
      domain_name = "dmock.cloudfront.net"
    }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/mock" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:mock" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mock" }
  }
}

mock_provider "aws" {
  alias = "us_east_1"

  mock_resource "aws_wafv2_web_acl" {
    defaults = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/mock/1" }
  }
  mock_resource "aws_cloudwatch_log_delivery_destination" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:delivery-destination:mock" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:us-east-1:123456789012:certificate/mock"
      domain_validation_options = [
        {
          domain_name           = "go.example.com"
          resource_record_name  = "_1.go.example.com"
          resource_record_type  = "CNAME"
          resource_record_value = "_1.acm-validations.aws"
        },
        {
          domain_name           = "s.example.com"
          resource_record_name  = "_2.s.example.com"
          resource_record_type  = "CNAME"
          resource_record_value = "_2.acm-validations.aws"
        },
      ]
    }
  }
  mock_resource "aws_acm_certificate_validation" {
    defaults = { certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/mock" }
  }
}

variables {
  image_uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/short:1.0.0"
  base_url  = "https://dmock.cloudfront.net"
}

run "by_default" {
  # Who may reach the functions.

  assert {
    condition     = toset([for url in aws_lambda_function_url.live : "${url.authorization_type} ${url.qualifier}"]) == toset(["AWS_IAM live"]) && toset(keys(aws_lambda_function_url.live)) == toset(["redirect", "api"])
    error_message = "a function URL is open, or not on the alias, or ingest has one"
  }
  assert {
    condition = alltrue([
      for permission in concat(values(aws_lambda_permission.edge_url), values(aws_lambda_permission.edge_function)) :
      permission.principal == "cloudfront.amazonaws.com" && permission.qualifier == "live" && permission.source_arn == aws_cloudfront_distribution.edge.arn
    ])
    error_message = "somebody but this distribution may call a function URL"
  }
  assert {
    condition = alltrue([
      for role in ["redirect", "api"] :
      aws_lambda_permission.edge_url[role].action == "lambda:InvokeFunctionUrl" && aws_lambda_permission.edge_function[role].action == "lambda:InvokeFunction"
    ])
    error_message = "the edge lacks one of the two permissions of a function URL"
  }
  assert {
    condition     = aws_cloudfront_origin_access_control.functions.signing_behavior == "always" && aws_cloudfront_origin_access_control.functions.signing_protocol == "sigv4" && aws_cloudfront_origin_access_control.functions.origin_access_control_origin_type == "lambda"
    error_message = "the edge does not sign its requests"
  }
  assert {
    condition     = alltrue([for origin in aws_cloudfront_distribution.edge.origin : origin.origin_access_control_id == aws_cloudfront_origin_access_control.functions.id])
    error_message = "an origin is reached unsigned"
  }

  # What the roles may do.

  assert {
    condition = alltrue(flatten([
      for policy in concat([for role in aws_iam_role_policy.function : role.policy], [output.table_access_policy]) : [
        for statement in jsondecode(policy).Statement : [
          for action in statement.Action : !strcontains(action, "*") && !contains(["dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:PartiQLSelect"], action)
        ]
      ]
    ]))
    error_message = "a policy has a scan, a silent overwrite or a wildcard action"
  }
  assert {
    condition = alltrue(flatten([
      for role in aws_iam_role_policy.function : [
        for statement in jsondecode(role.policy).Statement : [
          for resource in statement.Resource : startswith(resource, "arn:aws:") && (!strcontains(resource, "*") || can(regex("^arn:aws:(logs:[^*]+:log-group:[^*]+:\\*|s3:::[^*]+/edge/\\*)$", resource)))
        ]
      ]
    ]))
    error_message = "a policy has a wildcard resource other than the streams of its log group or the objects of the ledger"
  }
  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function["redirect"].policy).Statement :
      statement.Sid => [statement.Effect, statement.Action, try(statement.Condition, null)] if statement.Sid != "WriteLog"
      } == {
      ReadLinks   = ["Allow", ["dynamodb:GetItem"], { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["LINK#*", "QUOTA#*"] }, Null = { "dynamodb:LeadingKeys" = "false" } }]
      ListDomains = ["Allow", ["dynamodb:Query"], { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["DOMAINS"] }, Null = { "dynamodb:LeadingKeys" = "false" } }]
      TakeQuota   = ["Allow", ["dynamodb:UpdateItem"], { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["QUOTA#*"] }, Null = { "dynamodb:LeadingKeys" = "false" } }]
    }
    error_message = "redirect may do more, or less, than read links and domains and take quotas"
  }
  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.function["api"].policy).Statement : statement.Resource if contains(statement.Action, "cloudfront:CreateInvalidation")
    ])) == toset([aws_cloudfront_distribution.edge.arn])
    error_message = "api may purge another distribution, or not its own"
  }
  assert {
    condition     = alltrue([for role, policy in aws_iam_role_policy.function : role == "api" || !strcontains(policy.policy, "cloudfront:")])
    error_message = "a role but api may purge the edge"
  }
  assert {
    condition     = alltrue([for role, policy in aws_iam_role_policy.function : role == "ingest" || !strcontains(policy.policy, "s3:")])
    error_message = "a role but ingest may read the ledger"
  }
  assert {
    condition     = length([for statement in jsondecode(aws_iam_role_policy.function["ingest"].policy).Statement : statement if statement.Effect == "Deny" && try(statement.Condition["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"], []) == ["KEYS"]]) == 1
    error_message = "ingest may touch API keys"
  }

  # The functions.

  assert {
    condition = jsonencode({
      for role, function in local.lambda_functions : role => [function.image_config[0].command, function.image_config[0].entry_point, function.timeout]
      }) == jsonencode({
      redirect = [["redirect"], null, 4]
      api      = [["api"], null, 30]
      ingest   = [null, ["/shortener-ingest"], 900]
    })
    error_message = "a function does not start its role of the image, or for too long"
  }
  assert {
    condition     = alltrue([for function in local.lambda_functions : function.publish && function.architectures == tolist(["arm64"]) && function.reserved_concurrent_executions == -1 && function.tracing_config[0].mode == "PassThrough"])
    error_message = "a function does not publish versions, is no arm64, reserves concurrency or traces"
  }
  assert {
    condition     = alltrue([for role, function in local.lambda_functions : function.logging_config[0].log_group == aws_cloudwatch_log_group.function[role].name && aws_cloudwatch_log_group.function[role].retention_in_days == 30])
    error_message = "a function logs elsewhere than in its own group, or for ever"
  }
  assert {
    condition     = aws_lambda_function.this["redirect"].environment[0].variables == tomap({ SHORT_TABLE = "short", SHORT_BASE_URL = "https://dmock.cloudfront.net", SHORT_EDGE = "cloudfront", SHORT_LOG = "info" }) && aws_lambda_function.this["api"].environment[0].variables == aws_lambda_function.this["redirect"].environment[0].variables
    error_message = "a function's settings are not what the binary reads"
  }
  assert {
    condition     = aws_lambda_function.ingest[0].environment[0].variables["SHORT_DISTRIBUTION_ID"] == aws_cloudfront_distribution.edge.id
    error_message = "ingest does not know whose logs it counts"
  }
  assert {
    condition     = length(aws_lambda_provisioned_concurrency_config.live) == 0 && alltrue([for alias in concat(values(aws_lambda_alias.live), aws_lambda_alias.ingest) : alias.function_version == "7"])
    error_message = "concurrency is provisioned though nobody asked, or an alias is not at the newest version"
  }

  # The table, as `keys.rs` has it; a Rust test compares the names.

  assert {
    condition     = aws_dynamodb_table.links.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.links.deletion_protection_enabled && aws_dynamodb_table.links.point_in_time_recovery[0].enabled && aws_dynamodb_table.links.ttl[0].enabled
    error_message = "the table is not on demand, can be deleted, or cannot be restored"
  }
  assert {
    condition     = length(aws_dynamodb_table.links.global_secondary_index) == 3 && length(aws_dynamodb_table.links.server_side_encryption) == 0
    error_message = "the table has not its three indexes, or a key that costs"
  }

  # The cache.

  assert {
    condition = (
      aws_cloudfront_cache_policy.redirect.min_ttl == 0 && aws_cloudfront_cache_policy.redirect.default_ttl == 0 && aws_cloudfront_cache_policy.redirect.max_ttl == 31536000 &&
      aws_cloudfront_cache_policy.redirect.parameters_in_cache_key_and_forwarded_to_origin[0].headers_config[0].headers[0].items == toset(["x-forwarded-host"]) &&
      aws_cloudfront_cache_policy.redirect.parameters_in_cache_key_and_forwarded_to_origin[0].query_strings_config[0].query_string_behavior == "none" &&
      aws_cloudfront_cache_policy.redirect.parameters_in_cache_key_and_forwarded_to_origin[0].cookies_config[0].cookie_behavior == "none" &&
      !aws_cloudfront_cache_policy.redirect.parameters_in_cache_key_and_forwarded_to_origin[0].enable_accept_encoding_gzip &&
      !aws_cloudfront_cache_policy.redirect.parameters_in_cache_key_and_forwarded_to_origin[0].enable_accept_encoding_brotli
    )
    error_message = "the cache key of redirects is not host and path, or a lifetime overrides the origin's"
  }
  assert {
    condition = (
      aws_cloudfront_distribution.edge.default_cache_behavior[0].target_origin_id == "redirect" &&
      aws_cloudfront_distribution.edge.default_cache_behavior[0].allowed_methods == toset(["GET", "HEAD"]) &&
      aws_cloudfront_distribution.edge.default_cache_behavior[0].cache_policy_id == aws_cloudfront_cache_policy.redirect.id &&
      aws_cloudfront_distribution.edge.default_cache_behavior[0].origin_request_policy_id == aws_cloudfront_origin_request_policy.redirect.id &&
      toset([for function in aws_cloudfront_distribution.edge.default_cache_behavior[0].function_association : function.event_type]) == toset(["viewer-request", "viewer-response"])
    )
    error_message = "the default behaviour does not serve redirects from the cache, forwards more than it should, or lacks a function"
  }
  assert {
    condition = (
      aws_cloudfront_origin_request_policy.redirect.headers_config[0].headers[0].items == toset(["purpose", "sec-purpose", "user-agent"]) &&
      aws_cloudfront_origin_request_policy.redirect.query_strings_config[0].query_string_behavior == "none" &&
      aws_cloudfront_origin_request_policy.redirect.cookies_config[0].cookie_behavior == "none"
    )
    error_message = "the redirect function learns more of a visitor than who asks, or not even that"
  }
  assert {
    condition = (
      length(aws_cloudfront_distribution.edge.ordered_cache_behavior) == 1 &&
      aws_cloudfront_distribution.edge.ordered_cache_behavior[0].path_pattern == "/api/*" &&
      aws_cloudfront_distribution.edge.ordered_cache_behavior[0].target_origin_id == "api" &&
      length(aws_cloudfront_distribution.edge.ordered_cache_behavior[0].allowed_methods) == 7 &&
      aws_cloudfront_distribution.edge.ordered_cache_behavior[0].cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" &&
      aws_cloudfront_distribution.edge.ordered_cache_behavior[0].origin_request_policy_id == "b689b0a8-53d0-40ab-baf2-68738e2966ac" &&
      aws_cloudfront_distribution.edge.ordered_cache_behavior[0].viewer_protocol_policy == "https-only" &&
      [for function in aws_cloudfront_distribution.edge.ordered_cache_behavior[0].function_association : function.event_type] == ["viewer-request"]
    )
    error_message = "the API is cached, does not get what the visitor sent, takes plain HTTP, or lacks the viewer-request function"
  }
  assert {
    condition     = { for error in aws_cloudfront_distribution.edge.custom_error_response : tostring(error.error_code) => error.error_caching_min_ttl } == { for code in [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504] : tostring(code) => 0 }
    error_message = "an error is kept for longer than it says"
  }
  assert {
    condition = {
      for origin in aws_cloudfront_distribution.edge.origin :
      origin.origin_id => [origin.connection_attempts, origin.connection_timeout, origin.custom_origin_config[0].origin_read_timeout, origin.custom_origin_config[0].origin_protocol_policy, length(origin.origin_shield)]
    } == { redirect = [1, 2, 3, "https-only", 0], api = [1, 2, 30, "https-only", 0] }
    error_message = "an origin is waited for too long, or reached without TLS"
  }
  assert {
    condition     = aws_cloudfront_distribution.edge.http_version == "http2and3" && aws_cloudfront_distribution.edge.is_ipv6_enabled && length(aws_cloudfront_distribution.edge.aliases) == 0 && aws_cloudfront_distribution.edge.viewer_certificate[0].cloudfront_default_certificate
    error_message = "the edge speaks no HTTP/3 or IPv6, or answers for a domain that nobody named"
  }
  assert {
    condition = alltrue([
      for behaviour in concat(aws_cloudfront_distribution.edge.default_cache_behavior, aws_cloudfront_distribution.edge.ordered_cache_behavior) : behaviour.response_headers_policy_id == aws_cloudfront_response_headers_policy.security.id
    ]) && aws_cloudfront_response_headers_policy.security.security_headers_config[0].strict_transport_security[0].access_control_max_age_sec == 31536000 && length(aws_cloudfront_response_headers_policy.security.security_headers_config[0].referrer_policy) == 0
    error_message = "an answer lacks the security headers, or a redirect decides on the referrer"
  }

  # The ledger.

  assert {
    condition     = alltrue([for field in ["date", "time", "x-edge-request-id", "x-host-header", "cs-method", "cs-uri-stem", "cs-uri-query", "sc-status", "x-edge-result-type", "cs(User-Agent)", "cs(Referer)", "c-country", "time-taken"] : contains(aws_cloudwatch_log_delivery.access_logs[0].record_fields, field)])
    error_message = "a field that is counted is not logged"
  }
  assert {
    condition     = alltrue([for field in aws_cloudwatch_log_delivery.access_logs[0].record_fields : !contains(["c-port", "x-forwarded-for", "cs(Cookie)", "asn"], field)]) && reverse(aws_cloudwatch_log_delivery.access_logs[0].record_fields)[0] == "c-ip"
    error_message = "the access logs name visitors by more than their address, or visitors cannot be told apart"
  }
  assert {
    condition     = aws_cloudwatch_log_delivery_destination.access_logs[0].output_format == "w3c" && aws_cloudwatch_log_delivery.access_logs[0].field_delimiter == "\t" && aws_cloudwatch_log_delivery.access_logs[0].s3_delivery_configuration[0].suffix_path == "{yyyy}/{MM}/{dd}/{HH}"
    error_message = "the access logs have not the format and the folders that ingest reads"
  }
  assert {
    condition     = endswith(aws_cloudwatch_log_delivery_destination.access_logs[0].delivery_destination_configuration[0].destination_resource_arn, "/edge") && aws_s3_bucket_public_access_block.access_logs[0].restrict_public_buckets && !aws_s3_bucket.access_logs[0].force_destroy && aws_s3_bucket_lifecycle_configuration.access_logs[0].rule[0].expiration[0].days == 90
    error_message = "the ledger is at the bucket's root, public, deleted by a destroy, or kept for ever"
  }

  # The web ACL.

  assert {
    condition     = aws_wafv2_web_acl.edge[0].scope == "CLOUDFRONT" && aws_cloudfront_distribution.edge.web_acl_id == aws_wafv2_web_acl.edge[0].arn
    error_message = "no web ACL stands before the distribution"
  }
  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.edge[0].rule : toset([
        for override in rule.statement[0].managed_rule_group_statement[0].rule_action_override : override.name if length(override.action_to_use[0].count) == 1
      ]) if rule.name == "common"
    ]) == toset(keys(local.counted_rules)) && contains(keys(local.counted_rules), "SizeRestrictions_BODY")
    error_message = "the common rule set blocks what the API lives of: its 8 KB rule is not counted"
  }
  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.edge[0].rule : [
        length(rule.action[0].block),
        rule.statement[0].and_statement[0].statement[0].label_match_statement[0].key,
        rule.statement[0].and_statement[0].statement[1].not_statement[0].statement[0].byte_match_statement[0].search_string,
      ] if rule.name == "body-outside-api"
    ]) == [1, "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body", "/api/"]
    error_message = "a large body outside of the API is not blocked, or one to the API is"
  }
  assert {
    condition = {
      for rule in aws_wafv2_web_acl.edge[0].rule : rule.name => [
        rule.statement[0].rate_based_statement[0].limit,
        rule.statement[0].rate_based_statement[0].aggregate_key_type,
        length(rule.statement[0].rate_based_statement[0].scope_down_statement[0].not_statement),
        length(rule.statement[0].rate_based_statement[0].scope_down_statement[0].byte_match_statement),
      ] if length(rule.statement[0].rate_based_statement) == 1
    } == { redirect-rate = [3000, "IP", 1, 0], api-rate = [3000, "IP", 0, 1] }
    error_message = "redirects and the API are not limited apart"
  }

  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.edge[0].rule : [
        length(rule.action[0].block),
        rule.statement[0].and_statement[0].statement[0].size_constraint_statement[0].size,
        rule.statement[0].and_statement[0].statement[1].not_statement[0].statement[0].byte_match_statement[0].search_string,
      ] if rule.name == "long-path"
    ]) == [1, 512, "/api/"]
    error_message = "a path that is no code makes a cache entry, or one of the API is refused"
  }
  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.edge[0].rule : [
        for length in ["6291456", "6999999", "7000000", "10000000"] :
        can(regex(rule.statement[0].regex_match_statement[0].regex_string, length))
      ] if rule.name == "large-body"
    ]) == [false, false, true, true]
    error_message = "a body of 7 MB is let through, or one that Lambda takes is refused"
  }
  assert {
    condition     = toset([for rule in aws_wafv2_web_acl.edge[0].rule : rule.name if try(length(rule.override_action[0].none), 0) == 1]) == toset(["ip-reputation", "known-bad-inputs", "common"])
    error_message = "a managed rule group is missing or only counts"
  }

  # Schedules and alarms.

  assert {
    condition     = { for key, target in aws_cloudwatch_event_target.warm : key => target.target_id } == { redirect-1-1 = "redirect-1-1", redirect-1-2 = "redirect-1-2", api-1-1 = "api-1-1" }
    error_message = "not two instances of redirect and one of api are kept warm"
  }
  assert {
    condition = alltrue([
      for target in aws_cloudwatch_event_target.warm :
      jsondecode(target.input).requestContext.domainName == "warm.invalid" && jsondecode(target.input).rawPath == "/api/v1/health" && jsondecode(target.input).version == "2.0" && jsondecode(target.input).requestContext.http.method == "GET" && target.retry_policy[0].maximum_retry_attempts == 0
    ])
    error_message = "a warm-up is no event of a Function URL, cannot be told from a visitor's, or is repeated"
  }
  assert {
    condition     = aws_cloudwatch_event_rule.ingest[0].schedule_expression == "rate(5 minutes)" && length(aws_cloudwatch_event_target.ingest[0].dead_letter_config) == 1 && aws_lambda_function_event_invoke_config.ingest[0].destination_config[0].on_failure[0].destination == aws_sqs_queue.ingest_failures[0].arn
    error_message = "clicks are not counted every 5 minutes, or a failed run is lost"
  }
  assert {
    condition = length(setsubtract(
      ["redirect-errors", "api-errors", "ingest-errors", "redirect-throttles", "api-throttles", "ingest-throttles", "redirect-p99", "api-p99", "redirect-requests", "table-throttles", "ingest-failures", "ingest-lag", "edge-5xx", "edge-requests"],
      [
        for alarm in concat(
          values(aws_cloudwatch_metric_alarm.errors), values(aws_cloudwatch_metric_alarm.throttles), values(aws_cloudwatch_metric_alarm.duration),
          aws_cloudwatch_metric_alarm.redirect_requests, aws_cloudwatch_metric_alarm.table_throttles, aws_cloudwatch_metric_alarm.ingest_failures,
          aws_cloudwatch_metric_alarm.ingest_lag, aws_cloudwatch_metric_alarm.edge_errors, aws_cloudwatch_metric_alarm.edge_requests,
        ) : trimprefix(alarm.alarm_name, "short-") if length(alarm.alarm_actions) == 1
      ],
    )) == 0
    error_message = "an alarm is missing or goes nowhere"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.ingest_lag[0].treat_missing_data == "breaching" && length(aws_cloudwatch_metric_alarm.table_throttles[0].metric_query) == 6
    error_message = "an ingest that never runs is no alarm, or an index is not watched"
  }
  assert {
    condition     = length(aws_sns_topic_subscription.alarms) == 0 && length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) == 12
    error_message = "somebody is mailed though nobody asked, or the dashboard lacks a graph"
  }

  # What the CLI is told.

  assert {
    condition     = output.api_profile_command == "short profiles add short --api https://dmock.cloudfront.net" && output.table_profile_command == "short profiles add short-table --table short --region eu-central-1 --base-url https://dmock.cloudfront.net --distribution EMOCK"
    error_message = "an output is no command line of the CLI"
  }
}

run "with_everything" {
  variables {
    base_url                         = null
    domain_name                      = "go.example.com"
    additional_domain_names          = ["s.example.com"]
    hosted_zone_id                   = "Z0123456789"
    https_record                     = true
    security_contact                 = "mailto:security@example.com"
    architecture                     = "x86_64"
    redirect_provisioned_concurrency = 3
    redirect_reserved_concurrency    = 100
    api_reserved_concurrency         = 20
    pinned_versions                  = { redirect = "5" }
    xray_tracing                     = true
    table_name                       = "links"
    table_kms_key_arn                = "arn:aws:kms:eu-central-1:123456789012:key/mock"
    table_max_write_units            = 500
    origin_shield_region             = "eu-central-1"
    warm_redirect_concurrency        = 12
    warm_interval_minutes            = 1
    alarm_email                      = "ops@example.com"
  }

  assert {
    condition     = { for role, config in aws_lambda_provisioned_concurrency_config.live : role => [config.provisioned_concurrent_executions, config.qualifier] } == { redirect = [3, "live"] }
    error_message = "concurrency is not provisioned on the alias"
  }
  assert {
    condition     = { for role, function in local.lambda_functions : role => function.reserved_concurrent_executions } == { redirect = 100, api = 20, ingest = -1 }
    error_message = "concurrency is not reserved as asked"
  }
  assert {
    condition     = aws_lambda_alias.live["redirect"].function_version == "5" && aws_lambda_alias.live["api"].function_version == "7"
    error_message = "a roll-back does not move its alias, or moves another"
  }
  assert {
    condition     = { for rule in toset([for target in aws_cloudwatch_event_target.warm : target.rule]) : rule => length([for target in aws_cloudwatch_event_target.warm : target if target.rule == rule]) } == { short-warm-redirect-1 = 5, short-warm-redirect-2 = 5, short-warm-redirect-3 = 2, short-warm-api-1 = 1 }
    error_message = "a rule has more than 5 targets, or not 12 instances are kept warm"
  }
  assert {
    condition     = toset([for permission in aws_lambda_permission.warm : permission.statement_id]) == toset(["Warm-redirect-1", "Warm-redirect-2", "Warm-redirect-3", "Warm-api-1"]) && aws_cloudwatch_event_rule.warm["redirect-3"].schedule_expression == "rate(1 minute)"
    error_message = "a rule may not invoke its function, or its rate is none"
  }
  assert {
    condition     = aws_cloudfront_distribution.edge.aliases == toset(["go.example.com", "s.example.com"]) && aws_cloudfront_distribution.edge.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && aws_cloudfront_distribution.edge.viewer_certificate[0].acm_certificate_arn == aws_acm_certificate_validation.hosts[0].certificate_arn
    error_message = "the hosts are not served by their certificate over TLS 1.2"
  }
  assert {
    condition     = toset(keys(aws_route53_record.host)) == toset(["go.example.com A", "go.example.com AAAA", "go.example.com HTTPS", "s.example.com A", "s.example.com AAAA", "s.example.com HTTPS"]) && toset([for record in aws_route53_record.validation : record.name]) == toset(["_1.go.example.com", "_2.s.example.com"])
    error_message = "a host has no record, or its certificate cannot be validated"
  }
  assert {
    condition     = aws_lambda_function.this["api"].environment[0].variables["SHORT_BASE_URL"] == "https://go.example.com" && aws_lambda_function.this["api"].environment[0].variables["SHORT_SECURITY_CONTACT"] == "mailto:security@example.com" && aws_lambda_function.this["api"].environment[0].variables["SHORT_TABLE"] == "links"
    error_message = "a function does not know its domain, contact or table"
  }
  assert {
    condition     = aws_dynamodb_table.links.server_side_encryption[0].kms_key_arn == var.table_kms_key_arn && aws_dynamodb_table.links.on_demand_throughput[0].max_write_request_units == 500 && aws_dynamodb_table.links.on_demand_throughput[0].max_read_request_units == -1
    error_message = "the table has not the key or the cap that was asked for"
  }
  assert {
    condition = alltrue([
      for role in aws_iam_role_policy.function : length([for statement in jsondecode(role.policy).Statement : statement if statement.Sid == "UseTableKey" && try(statement.Condition.StringEquals["kms:ViaService"], "") == "dynamodb.eu-central-1.amazonaws.com"]) == 1
    ])
    error_message = "a function cannot use the table's key, or uses it past DynamoDB"
  }
  assert {
    condition = toset(flatten([
      for role in aws_iam_role_policy.function : [
        for statement in jsondecode(role.policy).Statement : statement.Action if contains(statement.Resource, "*")
      ]
    ])) == toset(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]) && alltrue([for function in local.lambda_functions : function.tracing_config[0].mode == "Active"])
    error_message = "functions are not traced, or the wildcard of tracing allows something else"
  }
  assert {
    condition     = { for origin in aws_cloudfront_distribution.edge.origin : origin.origin_id => length(origin.origin_shield) } == { redirect = 1, api = 0 }
    error_message = "the shield is not in front of redirects alone"
  }
  assert {
    condition     = aws_sns_topic_subscription.alarms[0].endpoint == "ops@example.com" && aws_sns_topic_subscription.edge_alarms[0].endpoint == "ops@example.com"
    error_message = "an alarm is not mailed"
  }
}

run "with_everything_off" {
  variables {
    waf_enabled               = false
    access_logs_enabled       = false
    warm_redirect_concurrency = 0
    warm_api_concurrency      = 0
    alarms_enabled            = false
    dashboard_enabled         = false
  }

  assert {
    condition     = length(aws_wafv2_web_acl.edge) == 0 && aws_cloudfront_distribution.edge.web_acl_id == null
    error_message = "a web ACL is left"
  }
  assert {
    condition     = length(aws_s3_bucket.access_logs) == 0 && length(aws_cloudwatch_log_delivery.access_logs) == 0 && length(aws_lambda_function.ingest) == 0 && length(aws_sqs_queue.ingest_failures) == 0
    error_message = "without access logs there is still something that writes or counts them"
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.warm) == 0 && length(aws_lambda_permission.warm) == 0 && length(aws_lambda_function_event_invoke_config.warm) == 0
    error_message = "a warm-up is left"
  }
  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && length(aws_cloudwatch_metric_alarm.errors) == 0 && length(aws_cloudwatch_metric_alarm.edge_errors) == 0 && length(aws_cloudwatch_dashboard.this) == 0
    error_message = "an alarm or the dashboard is left"
  }
}

run "without_a_base_url_or_statistics" {
  variables {
    base_url       = null
    count_visitors = false
    ingest_enabled = false
  }

  # A warning and no failure: the address is only known after this apply.
  expect_failures = [check.base_url]

  assert {
    condition     = !contains(keys(aws_lambda_function.this["redirect"].environment[0].variables), "SHORT_BASE_URL") && output.distribution_url == "https://dmock.cloudfront.net"
    error_message = "a function is told a base URL that nobody knows"
  }
  assert {
    condition     = length(aws_s3_bucket.access_logs) == 1 && length(aws_lambda_function.ingest) == 0 && length(aws_cloudwatch_event_rule.ingest) == 0 && length(aws_cloudwatch_metric_alarm.ingest_lag) == 0
    error_message = "clicks are counted though nobody asked, or the ledger is gone with the count"
  }
  assert {
    condition     = !contains(aws_cloudwatch_log_delivery.access_logs[0].record_fields, "c-ip")
    error_message = "addresses are logged though nobody counts visitors"
  }
}
