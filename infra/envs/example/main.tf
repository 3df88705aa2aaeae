module "shortener" {
  source = "../../modules/shortener"

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }

  name      = "short-example"
  image_uri = var.image_uri

  domain_name    = var.domain_name
  hosted_zone_id = var.hosted_zone_id
  base_url       = var.base_url

  alarm_email = var.alarm_email
}
