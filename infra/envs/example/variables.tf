variable "region" {
  description = "Region of the functions and the table."
  type        = string
  default     = "eu-central-1"
}

variable "image_uri" {
  description = "Image in the repository of `infra/ecr`, with its tag."
  type        = string
}

variable "domain_name" {
  description = "Host of the default domain; null serves under the distribution's own name."
  type        = string
  default     = null
}

variable "hosted_zone_id" {
  description = "Route 53 hosted zone of the host."
  type        = string
  default     = null
}

variable "base_url" {
  description = "Without a domain: the output `distribution_url`, from the second apply on."
  type        = string
  default     = null
}

variable "alarm_email" {
  description = "Address that alarms are mailed to."
  type        = string
  default     = null
}
