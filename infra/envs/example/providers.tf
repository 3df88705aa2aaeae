provider "aws" {
  region = var.region

  default_tags {
    tags = { Environment = "example" }
  }
}

# Certificate, web ACL, log delivery and metrics of CloudFront are here, wherever the rest is.
provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"

  default_tags {
    tags = { Environment = "example" }
  }
}
