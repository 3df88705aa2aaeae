# Certificate and records of the hosts.
locals {
  makes_certificate = var.domain_name != null && var.certificate_arn == null
  certificate_arn   = var.certificate_arn != null ? var.certificate_arn : one(aws_acm_certificate_validation.hosts[*].certificate_arn)

  record_types = var.https_record ? ["A", "AAAA", "HTTPS"] : ["A", "AAAA"]
  records = var.hosted_zone_id == null ? {} : {
    for pair in setproduct(local.hosts, local.record_types) : "${pair[0]} ${pair[1]}" => { host = pair[0], type = pair[1] }
  }
}

resource "aws_acm_certificate" "hosts" {
  count    = local.makes_certificate ? 1 : 0
  provider = aws.us_east_1

  domain_name               = var.domain_name
  subject_alternative_names = var.additional_domain_names
  validation_method         = "DNS"

  tags = local.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = local.makes_certificate ? toset(local.hosts) : []

  zone_id         = var.hosted_zone_id
  name            = one([for option in aws_acm_certificate.hosts[0].domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type            = one([for option in aws_acm_certificate.hosts[0].domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records         = [one([for option in aws_acm_certificate.hosts[0].domain_validation_options : option.resource_record_value if option.domain_name == each.key])]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "hosts" {
  count    = local.makes_certificate ? 1 : 0
  provider = aws.us_east_1

  certificate_arn         = aws_acm_certificate.hosts[0].arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_route53_record" "host" {
  for_each = local.records

  zone_id = var.hosted_zone_id
  name    = each.value.host
  type    = each.value.type

  alias {
    name                   = aws_cloudfront_distribution.edge.domain_name
    zone_id                = aws_cloudfront_distribution.edge.hosted_zone_id
    evaluate_target_health = false
  }
}
