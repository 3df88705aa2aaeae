terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }

  # The state has no secrets but names everything. Keep it where a team finds it, versioned and locked:
  #
  # backend "s3" {
  #   bucket       = "example-terraform-state"
  #   key          = "short/example.tfstate"
  #   region       = "eu-central-1"
  #   encrypt      = true
  #   use_lockfile = true
  # }
}
