# The distribution: redirects by default, the API under `/api/`.
locals {
  # Policies that AWS keeps in every account. The second forwards all that the visitor sent but Host, which belongs to the
  # function's URL, and with it the header by which `api` learns the distribution's id.
  caching_disabled       = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer_except_host = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

  # All codes that CloudFront lets one set a lifetime for. 410 is none of them, and not cached either.
  error_codes = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]

  origins = {
    redirect = { read_timeout = var.redirect_origin_timeout_s, shield = var.origin_shield_region }
    api      = { read_timeout = var.api_origin_timeout_s, shield = null }
  }
}

# Signs each request to a function's URL, so that nothing else can reach the functions. It overwrites `Authorization`.
resource "aws_cloudfront_origin_access_control" "functions" {
  name                              = "${var.name}-functions"
  description                       = "Signs requests to the functions of ${var.name}"
  origin_access_control_origin_type = "lambda"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Host and path are the whole key: neither query, cookie nor header can evade the cache. MinTTL 0, or it would override `no-store`; DefaultTTL 0, because an answer says itself how long it lives.
resource "aws_cloudfront_cache_policy" "redirect" {
  name        = "${var.name}-redirect"
  comment     = "Key: host as the visitor named it, and path"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    # A redirect has no body worth compressing; the encodings would only multiply the entries.
    enable_accept_encoding_brotli = false
    enable_accept_encoding_gzip   = false

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "whitelist"
      headers {
        items = ["x-forwarded-host"]
      }
    }

    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

# What the function learns of a visitor besides the key: enough to tell people from bots where a link has a click limit.
# Such answers are never kept, and no other answer depends on it. CloudFront would name itself as the user agent.
resource "aws_cloudfront_origin_request_policy" "redirect" {
  name    = "${var.name}-redirect"
  comment = "Who asks, for links with a click limit"

  cookies_config {
    cookie_behavior = "none"
  }

  headers_config {
    header_behavior = "whitelist"
    headers {
      items = ["purpose", "sec-purpose", "user-agent"]
    }
  }

  query_strings_config {
    query_string_behavior = "none"
  }
}

# What every answer carries; where the origin sends the same header, it says the same. No referrer policy: on a redirect
# it would decide what the target learns of where the visitor came from.
resource "aws_cloudfront_response_headers_policy" "security" {
  name    = "${var.name}-security"
  comment = "Transport security and no guessing of types"

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = false
      preload                    = false
      override                   = false
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = false
    }
  }
}

resource "aws_cloudfront_distribution" "edge" {
  comment         = var.name
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  aliases         = local.hosts
  web_acl_id      = one(aws_wafv2_web_acl.edge[*].arn)

  dynamic "origin" {
    for_each = local.origins
    content {
      origin_id                = origin.key
      domain_name              = trimsuffix(trimprefix(aws_lambda_function_url.live[origin.key].function_url, "https://"), "/")
      origin_access_control_id = aws_cloudfront_origin_access_control.functions.id
      # One quick attempt: every second here is a second before a stale answer is served instead.
      connection_attempts = 1
      connection_timeout  = var.origin_connection_timeout_s

      custom_origin_config {
        http_port                = 80
        https_port               = 443
        origin_protocol_policy   = "https-only"
        origin_ssl_protocols     = ["TLSv1.2"]
        origin_read_timeout      = origin.value.read_timeout
        origin_keepalive_timeout = 60
      }

      dynamic "origin_shield" {
        for_each = origin.value.shield == null ? [] : [origin.value.shield]
        content {
          enabled              = true
          origin_shield_region = origin_shield.value
        }
      }
    }
  }

  default_cache_behavior {
    target_origin_id           = "redirect"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = false
    cache_policy_id            = aws_cloudfront_cache_policy.redirect.id
    origin_request_policy_id   = aws_cloudfront_origin_request_policy.redirect.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.security.id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.viewer_request.arn
    }

    function_association {
      event_type   = "viewer-response"
      function_arn = aws_cloudfront_function.viewer_response.arn
    }
  }

  ordered_cache_behavior {
    path_pattern     = "/api/*"
    target_origin_id = "api"
    allowed_methods  = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods   = ["GET", "HEAD"]
    # A key sent over plain HTTP is a key given away: refused, not redirected.
    viewer_protocol_policy     = "https-only"
    compress                   = false
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer_except_host
    response_headers_policy_id = aws_cloudfront_response_headers_policy.security.id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.viewer_request.arn
    }
  }

  # Without these an error is kept for 10 s whatever it says: a code probed and then created would not work.
  dynamic "custom_error_response" {
    for_each = local.error_codes
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = length(local.hosts) == 0
    acm_certificate_arn            = local.certificate_arn
    ssl_support_method             = length(local.hosts) == 0 ? null : "sni-only"
    # CloudFront's own certificate comes with TLSv1 and takes no other word for it.
    minimum_protocol_version = length(local.hosts) == 0 ? "TLSv1" : "TLSv1.2_2021"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  tags = local.tags
}

# The address without a domain of one's own is made by the first apply, which therefore cannot tell the functions.
check "base_url" {
  assert {
    condition     = local.base_url != null
    error_message = "The functions do not know their base URL and make short URLs that lead nowhere. Set base_url to the output distribution_url and apply again, or set domain_name."
  }
}
