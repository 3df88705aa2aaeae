# Laid by `scripts/check-infra` beside a copy of `ecr`: what the provider needs for a server that is not AWS.
provider "aws" {
  max_retries                 = 2
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}
