# Laid by `scripts/check-infra` beside a copy of `envs/example`: what the providers need for a server that is not AWS, what
# a destroy needs, and a domain in the zone that the server has. Address and credentials come from the environment.
provider "aws" {
  max_retries                 = 2
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

provider "aws" {
  alias                       = "us_east_1"
  max_retries                 = 2
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}

module "shortener" {
  domain_name               = "go.example.com"
  hosted_zone_id            = "Z0EXAMPLEZONE"
  alarm_email               = "ops@example.com"
  table_deletion_protection = false
  access_log_force_destroy  = true
}
