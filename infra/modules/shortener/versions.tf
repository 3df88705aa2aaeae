terraform {
  # Terraform or OpenTofu; nothing here is of one of them alone.
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
      # CloudFront takes its certificate, its web ACL, its log delivery and its metrics from us-east-1, wherever the rest is.
      configuration_aliases = [aws.us_east_1]
    }
  }
}
