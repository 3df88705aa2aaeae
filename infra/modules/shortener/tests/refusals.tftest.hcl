# Inputs that the module refuses: every validation has a value that it alone refuses. A variable whose rules look at
# another is not judged where that other one is refused, which is why there is more than one run.

mock_provider "aws" {}

mock_provider "aws" {
  alias = "us_east_1"
}

variables {
  image_uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/short:1.0.0"
  base_url  = "https://go.example.com"
}

run "values_out_of_range" {
  command = plan

  variables {
    name                               = "Short"
    image_uri                          = "docker.io/library/short:1.0.0"
    architecture                       = "armv7"
    hosted_zone_id                     = "example.com"
    certificate_arn                    = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    base_url                           = "http://go.example.com"
    security_contact                   = "nobody"
    redirect_memory_mb                 = 64
    redirect_timeout_s                 = 30
    redirect_provisioned_concurrency   = -1
    api_memory_mb                      = 20480
    api_timeout_s                      = 900
    api_provisioned_concurrency        = 1.5
    ingest_memory_mb                   = 127
    ingest_timeout_s                   = 901
    ingest_reserved_concurrency        = 0
    pinned_versions                    = { api = "$LATEST" }
    log_filter                         = "info; debug"
    log_retention_days                 = 0
    log_kms_key_arn                    = "alias/logs"
    table_kms_key_arn                  = "alias/aws/dynamodb"
    table_recovery_days                = 36
    table_max_read_units               = 0
    table_max_write_units              = 0.5
    price_class                        = "PriceClass_300"
    origin_shield_region               = "Frankfurt"
    origin_connection_timeout_s        = 11
    redirect_origin_timeout_s          = 30
    api_origin_timeout_s               = 61
    access_log_bucket_name             = "My_Logs"
    access_log_retention_days          = 1
    waf_redirect_limit                 = 9
    waf_api_limit                      = 9
    warm_redirect_concurrency          = 51
    warm_api_concurrency               = -1
    warm_interval_minutes              = 16
    ingest_interval_minutes            = 0
    alarm_email                        = "nobody"
    edge_alarm_actions                 = ["arn:aws:sns:eu-central-1:123456789012:ops"]
    alarm_redirect_p99_ms              = 0
    alarm_api_p99_ms                   = 0
    alarm_edge_5xx_percent             = 100
    alarm_edge_requests_per_minute     = 0
    alarm_redirect_requests_per_minute = 0
  }

  expect_failures = [
    var.name,
    var.image_uri,
    var.architecture,
    var.hosted_zone_id,
    var.certificate_arn,
    var.base_url,
    var.security_contact,
    var.redirect_memory_mb,
    var.redirect_timeout_s,
    var.redirect_provisioned_concurrency,
    var.api_memory_mb,
    var.api_timeout_s,
    var.api_provisioned_concurrency,
    var.ingest_memory_mb,
    var.ingest_timeout_s,
    var.ingest_reserved_concurrency,
    var.pinned_versions,
    var.log_filter,
    var.log_retention_days,
    var.log_kms_key_arn,
    var.table_kms_key_arn,
    var.table_recovery_days,
    var.table_max_read_units,
    var.table_max_write_units,
    var.price_class,
    var.origin_shield_region,
    var.origin_connection_timeout_s,
    var.redirect_origin_timeout_s,
    var.api_origin_timeout_s,
    var.access_log_bucket_name,
    var.access_log_retention_days,
    var.waf_redirect_limit,
    var.waf_api_limit,
    var.warm_redirect_concurrency,
    var.warm_api_concurrency,
    var.warm_interval_minutes,
    var.ingest_interval_minutes,
    var.alarm_email,
    var.edge_alarm_actions,
    var.alarm_redirect_p99_ms,
    var.alarm_api_p99_ms,
    var.alarm_edge_5xx_percent,
    var.alarm_edge_requests_per_minute,
    var.alarm_redirect_requests_per_minute,
  ]
}

run "values_of_variables_that_look_at_others" {
  command = plan

  variables {
    domain_name                   = "go.example.com"
    hosted_zone_id                = "Z0123456789"
    additional_domain_names       = ["s.example.com:443"]
    redirect_reserved_concurrency = 0
    api_reserved_concurrency      = 0
    table_name                    = "my table"
  }

  expect_failures = [
    var.additional_domain_names,
    var.redirect_reserved_concurrency,
    var.api_reserved_concurrency,
    var.table_name,
  ]
}

run "values_that_do_not_fit_each_other" {
  command = plan

  variables {
    image_uri                        = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/short:latest"
    name                             = "go"
    additional_domain_names          = ["s.example.com"]
    redirect_provisioned_concurrency = 10
    redirect_reserved_concurrency    = 9
    api_provisioned_concurrency      = 2
    api_reserved_concurrency         = 1
  }

  expect_failures = [
    var.image_uri,
    var.table_name,
    var.additional_domain_names,
    var.redirect_reserved_concurrency,
    var.api_reserved_concurrency,
  ]
}

run "a_domain_that_is_a_url" {
  command = plan

  variables {
    domain_name    = "https://go.example.com/"
    hosted_zone_id = "Z0123456789"
  }

  expect_failures = [var.domain_name]
}

run "a_domain_without_certificate" {
  command = plan

  variables {
    domain_name = "go.example.com"
  }

  expect_failures = [var.domain_name]
}
