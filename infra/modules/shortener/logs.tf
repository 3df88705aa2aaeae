# Access logs, the ledger of clicks: standard logging v2 to a bucket of its own.
locals {
  # A prefix in the destination replaces AWSLogs/ACCOUNT/CloudFront/, which AWS would put before the path at creation and
  # not at an update.
  access_log_prefix = "edge"

  # What is counted: no port, no cookie, and no address but that of the connection, which tells visitors apart.
  access_log_fields = concat(local.access_log_usual_fields, var.count_visitors ? ["c-ip"] : [])

  access_log_usual_fields = [
    "date",
    "time",
    "x-edge-request-id",
    "x-host-header",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "cs-protocol",
    "sc-status",
    "sc-bytes",
    "time-taken",
    "x-edge-location",
    "x-edge-result-type",
    "x-edge-response-result-type",
    "x-edge-detailed-result-type",
    "cs(Referer)",
    "cs(User-Agent)",
    "c-country",
  ]
}

resource "aws_s3_bucket" "access_logs" {
  count = var.access_logs_enabled ? 1 : 0

  bucket        = coalesce(var.access_log_bucket_name, "${var.name}-access-logs-${local.account}-${local.region}")
  force_destroy = var.access_log_force_destroy

  tags = local.tags
}

resource "aws_s3_bucket_public_access_block" "access_logs" {
  count = var.access_logs_enabled ? 1 : 0

  bucket                  = aws_s3_bucket.access_logs[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "access_logs" {
  count = var.access_logs_enabled ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# With the key of S3: log delivery does not work with the AWS-managed key of KMS.
resource "aws_s3_bucket_server_side_encryption_configuration" "access_logs" {
  count = var.access_logs_enabled ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "access_logs" {
  count = var.access_logs_enabled ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {
      prefix = ""
    }

    expiration {
      days = var.access_log_retention_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "access_logs" {
  count = var.access_logs_enabled ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AWSLogDeliveryWrite"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.access_logs[0].arn}/${local.access_log_prefix}/*"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account
            "s3:x-amz-acl"      = "bucket-owner-full-control"
          }
          ArnLike = { "aws:SourceArn" = "arn:${local.partition}:logs:us-east-1:${local.account}:delivery-source:*" }
        }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.access_logs[0].arn, "${aws_s3_bucket.access_logs[0].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.access_logs]
}

resource "aws_cloudwatch_log_delivery_source" "edge" {
  count    = var.access_logs_enabled ? 1 : 0
  provider = aws.us_east_1

  name         = "${var.name}-edge"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.edge.arn

  tags = local.tags
}

resource "aws_cloudwatch_log_delivery_destination" "access_logs" {
  count    = var.access_logs_enabled ? 1 : 0
  provider = aws.us_east_1

  name          = "${var.name}-access-logs"
  output_format = "w3c"

  delivery_destination_configuration {
    destination_resource_arn = "${aws_s3_bucket.access_logs[0].arn}/${local.access_log_prefix}"
  }

  tags = local.tags

  depends_on = [aws_s3_bucket_policy.access_logs]
}

resource "aws_cloudwatch_log_delivery" "access_logs" {
  count    = var.access_logs_enabled ? 1 : 0
  provider = aws.us_east_1

  delivery_source_name     = aws_cloudwatch_log_delivery_source.edge[0].name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.access_logs[0].arn
  record_fields            = local.access_log_fields

  # Values are percent-encoded and hold no tab. Without this, the delimiter would be whatever is the default of the day.
  field_delimiter = "\t"

  # One folder an hour, so that an hour is recounted by listing three of them. The bucket is this distribution's alone.
  s3_delivery_configuration {
    enable_hive_compatible_path = false
    suffix_path                 = "{yyyy}/{MM}/{dd}/{HH}"
  }

  tags = local.tags
}
