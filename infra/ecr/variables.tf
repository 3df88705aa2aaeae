variable "region" {
  description = "Region of the repository: the region of the functions, which take images from no other."
  type        = string
}

variable "name" {
  description = "Name of the repository: 2 to 100 lower-case letters, digits, and `.`, `_`, `-`, `/` between them."
  type        = string
  default     = "short"

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 100
    error_message = "name is 2 to 100 lower-case letters and digits, with single . _ - / between them."
  }
}

variable "kept_images" {
  description = "How many tagged images are kept, the newest. A version of a function needs its image for as long as it runs."
  type        = number
  default     = 50

  validation {
    condition     = var.kept_images >= 10 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images is a whole number from 10: fewer, and a roll-back finds its image gone."
  }
}

variable "kms_key_arn" {
  description = "KMS key of the images; null uses the key of S3."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything here."
  type        = map(string)
  default     = {}
}
