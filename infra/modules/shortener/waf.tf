# The web ACL. What passes it costs a function's run, so it refuses what cannot be meant for this service. Each rule says
# why; requests that no rule refuses are allowed.
locals {
  # Rules of the common set that are only counted.
  counted_rules = {
    # 8 KB, and 500 links are more. Outside of /api/ the rule `body-outside-api` does what it would do.
    SizeRestrictions_BODY = "a batch of links is larger"
    # Bodies and queries of the API are made of URLs, which these take for attacks on a server that fetches or prints them.
    CrossSiteScripting_BODY = "target URLs hold anything"
    EC2MetaDataSSRF_BODY    = "target URLs are never fetched"
    GenericLFI_BODY         = "target URLs hold dot segments"
    GenericRFI_BODY         = "target URLs may have numeric hosts"
    # The query of a redirect is the visitor's and goes to the target; neither function reads it.
    CrossSiteScripting_QUERYARGUMENTS   = "queries are forwarded to the target"
    EC2MetaDataSSRF_QUERYARGUMENTS      = "queries are forwarded to the target"
    GenericLFI_QUERYARGUMENTS           = "queries are forwarded to the target"
    GenericRFI_QUERYARGUMENTS           = "queries are forwarded to the target"
    RestrictedExtensions_QUERYARGUMENTS = "queries are forwarded to the target"
    SizeRestrictions_QUERYSTRING        = "campaign parameters are long"
    # Link checkers and simple clients name no agent, and are welcome to redirects.
    NoUserAgent_HEADER = "redirects are for every client"
  }

  waf_limits = {
    redirect-rate = { priority = 30, limit = var.waf_redirect_limit, is_api = false }
    api-rate      = { priority = 31, limit = var.waf_api_limit, is_api = true }
  }
}

resource "aws_wafv2_web_acl" "edge" {
  count    = var.waf_enabled ? 1 : 0
  provider = aws.us_east_1

  name        = "${var.name}-edge"
  description = "In front of the distribution of ${var.name}"
  scope       = "CLOUDFRONT"

  default_action {
    allow {}
  }

  custom_response_body {
    key          = "too-many"
    content_type = "TEXT_PLAIN"
    content      = "Too many requests from this address. Try again in a few minutes.\n"
  }

  # Addresses that AWS sees attacking others: nothing they ask for is worth a run.
  rule {
    name     = "ip-reputation"
    priority = 10

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesAmazonIpReputationList"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-ip-reputation"
      sampled_requests_enabled   = true
    }
  }

  # No code is longer than 64 characters, so that a longer path only makes a cache entry and a run for a 404.
  rule {
    name     = "long-path"
    priority = 20

    action {
      block {}
    }

    statement {
      and_statement {
        statement {
          size_constraint_statement {
            comparison_operator = "GT"
            size                = 512

            field_to_match {
              uri_path {}
            }

            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
        statement {
          not_statement {
            statement {
              byte_match_statement {
                positional_constraint = "STARTS_WITH"
                search_string         = "/api/"

                field_to_match {
                  uri_path {}
                }

                text_transformation {
                  priority = 0
                  type     = "NONE"
                }
              }
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-long-path"
      sampled_requests_enabled   = true
    }
  }

  # Lambda takes 6 MB. The ACL sees only the first 16 KB of a body, so that the announced length has to do: 7,000,000 bytes
  # and more are refused here, the rest by the function.
  rule {
    name     = "large-body"
    priority = 21

    action {
      block {
        custom_response {
          response_code = 413
        }
      }
    }

    statement {
      regex_match_statement {
        regex_string = "^([7-9][0-9]{6}|[0-9]{8,})$"

        field_to_match {
          single_header {
            name = "content-length"
          }
        }

        text_transformation {
          priority = 0
          type     = "NONE"
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-large-body"
      sampled_requests_enabled   = true
    }
  }

  # One address must neither guess its way through the codes nor through the keys, and not run up a bill. Redirects and the
  # API apart, because an import from an office must not cut its colleagues off from links.
  dynamic "rule" {
    for_each = local.waf_limits
    content {
      name     = rule.key
      priority = rule.value.priority

      action {
        block {
          custom_response {
            response_code            = 429
            custom_response_body_key = "too-many"
          }
        }
      }

      statement {
        rate_based_statement {
          limit                 = rule.value.limit
          evaluation_window_sec = 300
          aggregate_key_type    = "IP"

          scope_down_statement {
            dynamic "byte_match_statement" {
              for_each = rule.value.is_api ? ["/api/"] : []
              content {
                positional_constraint = "STARTS_WITH"
                search_string         = byte_match_statement.value

                field_to_match {
                  uri_path {}
                }

                text_transformation {
                  priority = 0
                  type     = "NONE"
                }
              }
            }

            dynamic "not_statement" {
              for_each = rule.value.is_api ? [] : ["/api/"]
              content {
                statement {
                  byte_match_statement {
                    positional_constraint = "STARTS_WITH"
                    search_string         = not_statement.value

                    field_to_match {
                      uri_path {}
                    }

                    text_transformation {
                      priority = 0
                      type     = "NONE"
                    }
                  }
                }
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${var.name}-${rule.key}"
        sampled_requests_enabled   = true
      }
    }
  }

  # Requests that exist only to exploit something: known bad hosts, paths and headers.
  rule {
    name     = "known-bad-inputs"
    priority = 40

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-known-bad-inputs"
      sampled_requests_enabled   = true
    }
  }

  # Scanners by their paths, cookies and agents: each path they try is a miss at the edge.
  rule {
    name     = "common"
    priority = 50

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"

        dynamic "rule_action_override" {
          for_each = local.counted_rules
          content {
            name = rule_action_override.key
            action_to_use {
              count {}
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-common"
      sampled_requests_enabled   = true
    }
  }

  # The 8 KB rule where it does not hurt: it is counted above, which leaves its label.
  rule {
    name     = "body-outside-api"
    priority = 60

    action {
      block {}
    }

    statement {
      and_statement {
        statement {
          label_match_statement {
            scope = "LABEL"
            key   = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
          }
        }
        statement {
          not_statement {
            statement {
              byte_match_statement {
                positional_constraint = "STARTS_WITH"
                search_string         = "/api/"

                field_to_match {
                  uri_path {}
                }

                text_transformation {
                  priority = 0
                  type     = "NONE"
                }
              }
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-body-outside-api"
      sampled_requests_enabled   = true
    }
  }

  # Sampled requests show headers: an API key must not be among them.
  data_protection_config {
    data_protection {
      action = "SUBSTITUTION"

      field {
        field_type = "SINGLE_HEADER"
        field_keys = ["x-api-key"]
      }
    }

    data_protection {
      action = "SUBSTITUTION"

      field {
        field_type = "SINGLE_HEADER"
        field_keys = ["authorization"]
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "${var.name}-edge"
    sampled_requests_enabled   = true
  }

  tags = local.tags
}
