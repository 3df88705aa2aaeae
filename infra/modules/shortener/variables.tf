# Names and the image

variable "name" {
  description = "Prefix of every name, and the table's name unless `table_name` is set: 2 to 32 lower-case letters, digits and hyphens. One per account, because CloudFront, IAM and S3 names are not of one region."
  type        = string
  default     = "short"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "name is 2 to 32 lower-case letters, digits and hyphens; it begins with a letter and does not end with a hyphen."
  }
}

variable "tags" {
  description = "Tags of everything that can have them, beside the provider's own `default_tags`."
  type        = map(string)
  default     = {}
}

variable "image_uri" {
  description = "Image of the functions in the ECR of this account and region, by tag or digest. `latest` is refused: a version must say what it runs."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9._/-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$", var.image_uri))
    error_message = "image_uri is ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG, or with @sha256:DIGEST."
  }
  validation {
    condition     = !endswith(var.image_uri, ":latest")
    error_message = "image_uri names a release; latest is none."
  }
}

variable "architecture" {
  description = "Processor the image was built for: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

# Where the service is reached

variable "domain_name" {
  description = "Host of the default domain, such as `go.example.com`; null serves under the distribution's own name alone."
  type        = string
  default     = null

  validation {
    condition     = var.domain_name == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain_name))
    error_message = "domain_name is a host in lower case without scheme, port or path."
  }
  validation {
    condition     = var.domain_name == null || var.hosted_zone_id != null || var.certificate_arn != null
    error_message = "domain_name needs hosted_zone_id, in which its certificate can be validated, or certificate_arn."
  }
}

variable "additional_domain_names" {
  description = "Further hosts that the distribution answers for, one for each further domain of the service; in the same hosted zone and certificate."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for host in var.additional_domain_names : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", host))])
    error_message = "additional_domain_names are hosts in lower case without scheme, port or path."
  }
  validation {
    condition     = length(var.additional_domain_names) == 0 || var.domain_name != null
    error_message = "additional_domain_names are additional to domain_name."
  }
}

variable "hosted_zone_id" {
  description = "Route 53 hosted zone of the hosts: gets their A and AAAA records and validates the certificate. Null leaves DNS to you."
  type        = string
  default     = null

  validation {
    condition     = var.hosted_zone_id == null || can(regex("^Z[A-Z0-9]{1,31}$", var.hosted_zone_id))
    error_message = "hosted_zone_id looks like Z0123456789ABCDEFGHIJ."
  }
}

variable "certificate_arn" {
  description = "Certificate in us-east-1 that covers all hosts; null makes one and validates it in `hosted_zone_id`."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:[a-z-]+:acm:us-east-1:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn is an ACM certificate in us-east-1: CloudFront takes them from nowhere else."
  }
}

variable "https_record" {
  description = "Whether the hosts also get an HTTPS record, by which browsers find HTTP/3 at the first visit."
  type        = bool
  default     = false
}

variable "base_url" {
  description = "Base URL of the default domain, such as `https://go.example.com`; null derives it from `domain_name`. Without a domain it is `https://` and the distribution's domain name, known after the first apply."
  type        = string
  default     = null

  validation {
    condition     = var.base_url == null || can(regex("^https://[a-z0-9.-]+$", var.base_url))
    error_message = "base_url is https:// and a host in lower case, without port, path or trailing slash."
  }
}

variable "security_contact" {
  description = "Contact in `/.well-known/security.txt`: a `mailto:`, `https:` or `tel:` URI or a mail address; null serves no such file."
  type        = string
  default     = null

  validation {
    condition     = var.security_contact == null || can(regex("^((mailto:|https:|tel:)[!-~]+|[!-~]+@[!-~]+)$", var.security_contact))
    error_message = "security_contact is a mailto:, https: or tel: URI, or a mail address."
  }
}

# Functions

variable "redirect_memory_mb" {
  description = "Memory of `redirect`, in MB; processor time comes with it, 1,769 MB to a core, and the first connection of a cold start needs it."
  type        = number
  default     = 512

  validation {
    condition     = var.redirect_memory_mb >= 128 && var.redirect_memory_mb <= 10240 && floor(var.redirect_memory_mb) == var.redirect_memory_mb
    error_message = "redirect_memory_mb is a whole number from 128 to 10240."
  }
}

variable "redirect_timeout_s" {
  description = "Longest invocation of `redirect`, in seconds. It answers within about one second or not at all."
  type        = number
  default     = 4

  validation {
    condition     = var.redirect_timeout_s >= 2 && var.redirect_timeout_s <= 10 && floor(var.redirect_timeout_s) == var.redirect_timeout_s
    error_message = "redirect_timeout_s is a whole number from 2 to 10: a visitor who waits longer is gone."
  }
}

variable "redirect_provisioned_concurrency" {
  description = "Instances of `redirect` kept ready and paid for by the hour; 0 keeps none."
  type        = number
  default     = 0

  validation {
    condition     = var.redirect_provisioned_concurrency >= 0 && floor(var.redirect_provisioned_concurrency) == var.redirect_provisioned_concurrency
    error_message = "redirect_provisioned_concurrency is a whole number from 0."
  }
}

variable "redirect_reserved_concurrency" {
  description = "Most instances of `redirect` at once, taken from the account's; a cap on cost that refuses visitors when it is reached. Null shares the account's."
  type        = number
  default     = null

  validation {
    condition     = var.redirect_reserved_concurrency == null || try(var.redirect_reserved_concurrency >= 1 && floor(var.redirect_reserved_concurrency) == var.redirect_reserved_concurrency, false)
    error_message = "redirect_reserved_concurrency is a whole number from 1, or null: 0 would switch the service off."
  }
  validation {
    condition     = try(var.redirect_reserved_concurrency >= var.redirect_provisioned_concurrency, true)
    error_message = "redirect_reserved_concurrency includes the provisioned one and cannot be smaller."
  }
}

variable "api_memory_mb" {
  description = "Memory of `api`, in MB; processor time comes with it."
  type        = number
  default     = 512

  validation {
    condition     = var.api_memory_mb >= 128 && var.api_memory_mb <= 10240 && floor(var.api_memory_mb) == var.api_memory_mb
    error_message = "api_memory_mb is a whole number from 128 to 10240."
  }
}

variable "api_timeout_s" {
  description = "Longest invocation of `api`, in seconds: some operations on the table and a purge of the edge, which may take 5."
  type        = number
  default     = 30

  validation {
    condition     = var.api_timeout_s >= 10 && var.api_timeout_s <= 60 && floor(var.api_timeout_s) == var.api_timeout_s
    error_message = "api_timeout_s is a whole number from 10 to 60: CloudFront waits no longer."
  }
}

variable "api_provisioned_concurrency" {
  description = "Instances of `api` kept ready and paid for by the hour; 0 keeps none."
  type        = number
  default     = 0

  validation {
    condition     = var.api_provisioned_concurrency >= 0 && floor(var.api_provisioned_concurrency) == var.api_provisioned_concurrency
    error_message = "api_provisioned_concurrency is a whole number from 0."
  }
}

variable "api_reserved_concurrency" {
  description = "Most instances of `api` at once, taken from the account's, so that an import cannot take them from redirects. Null shares the account's."
  type        = number
  default     = null

  validation {
    condition     = var.api_reserved_concurrency == null || try(var.api_reserved_concurrency >= 1 && floor(var.api_reserved_concurrency) == var.api_reserved_concurrency, false)
    error_message = "api_reserved_concurrency is a whole number from 1, or null: 0 would switch the API off."
  }
  validation {
    condition     = try(var.api_reserved_concurrency >= var.api_provisioned_concurrency, true)
    error_message = "api_reserved_concurrency includes the provisioned one and cannot be smaller."
  }
}

variable "ingest_memory_mb" {
  description = "Memory of `ingest`, in MB; processor time comes with it."
  type        = number
  default     = 1024

  validation {
    condition     = var.ingest_memory_mb >= 128 && var.ingest_memory_mb <= 10240 && floor(var.ingest_memory_mb) == var.ingest_memory_mb
    error_message = "ingest_memory_mb is a whole number from 128 to 10240."
  }
}

variable "ingest_timeout_s" {
  description = "Longest invocation of `ingest`, in seconds; what is left over is done by the next one."
  type        = number
  default     = 900

  validation {
    condition     = var.ingest_timeout_s >= 60 && var.ingest_timeout_s <= 900 && floor(var.ingest_timeout_s) == var.ingest_timeout_s
    error_message = "ingest_timeout_s is a whole number from 60 to 900, Lambda's own limit."
  }
}

variable "ingest_reserved_concurrency" {
  description = "Most runs of `ingest` at once, taken from the account's. Null shares the account's; runs that overlap are harmless."
  type        = number
  default     = null

  validation {
    condition     = var.ingest_reserved_concurrency == null || try(var.ingest_reserved_concurrency >= 1 && floor(var.ingest_reserved_concurrency) == var.ingest_reserved_concurrency, false)
    error_message = "ingest_reserved_concurrency is a whole number from 1, or null."
  }
}

variable "pinned_versions" {
  description = "Published version that the alias `live` of a function stays at, to roll back without another build; null follows the newest."
  type = object({
    redirect = optional(string)
    api      = optional(string)
    ingest   = optional(string)
  })
  default = {}

  validation {
    condition     = alltrue([for version in values(var.pinned_versions) : version == null || can(regex("^[1-9][0-9]*$", version))])
    error_message = "pinned_versions are numbers of published versions, such as \"12\"; $LATEST is none."
  }
}

variable "log_filter" {
  description = "What the functions log, as a filter of `tracing` (`SHORT_LOG`): `info`, or `debug` to see each click at the origin."
  type        = string
  default     = "info"

  validation {
    condition     = can(regex("^[A-Za-z0-9_:=,-]+$", var.log_filter))
    error_message = "log_filter is a tracing filter such as info or info,shortener_core=debug."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the functions' logs, in days; one of the periods that CloudWatch knows."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of CloudWatch's periods, such as 7, 30, 90 or 365; never for ever."
  }
}

variable "log_kms_key_arn" {
  description = "KMS key of the functions' log groups, whose policy must admit CloudWatch Logs; null uses the key of the service."
  type        = string
  default     = null

  validation {
    condition     = var.log_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.log_kms_key_arn))
    error_message = "log_kms_key_arn is the ARN of a KMS key."
  }
}

variable "xray_tracing" {
  description = "Whether X-Ray samples the functions. Its two permissions are the only ones that AWS does not restrict to a resource."
  type        = bool
  default     = false
}

# Table

variable "table_name" {
  description = "Name of the DynamoDB table; null takes `name`."
  type        = string
  default     = null

  validation {
    condition     = var.table_name == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table_name))
    error_message = "table_name is 3 to 255 letters, digits, dots, hyphens and underscores."
  }
  validation {
    condition     = var.table_name != null || length(var.name) >= 3
    error_message = "table_name must be set where name is shorter than the 3 characters of a table's name."
  }
}

variable "table_kms_key_arn" {
  description = "KMS key of the table; null uses the key that AWS owns, which costs nothing and cannot be lost."
  type        = string
  default     = null

  validation {
    condition     = var.table_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.table_kms_key_arn))
    error_message = "table_kms_key_arn is the ARN of a KMS key."
  }
}

variable "table_deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table. Switch it off in an apply of its own before a destroy."
  type        = bool
  default     = true
}

variable "table_recovery_days" {
  description = "How far back the table can be restored to any second, in days."
  type        = number
  default     = 35

  validation {
    condition     = var.table_recovery_days >= 1 && var.table_recovery_days <= 35 && floor(var.table_recovery_days) == var.table_recovery_days
    error_message = "table_recovery_days is a whole number from 1 to 35."
  }
}

variable "table_max_read_units" {
  description = "Most read units a second of the table and of each index, a cap on cost that throttles when it is reached; null sets none."
  type        = number
  default     = null

  validation {
    condition     = var.table_max_read_units == null || try(var.table_max_read_units >= 1 && floor(var.table_max_read_units) == var.table_max_read_units, false)
    error_message = "table_max_read_units is a whole number from 1, or null."
  }
}

variable "table_max_write_units" {
  description = "Most write units a second of the table and of each index, a cap on cost that throttles when it is reached; null sets none."
  type        = number
  default     = null

  validation {
    condition     = var.table_max_write_units == null || try(var.table_max_write_units >= 1 && floor(var.table_max_write_units) == var.table_max_write_units, false)
    error_message = "table_max_write_units is a whole number from 1, or null."
  }
}

# Edge

variable "price_class" {
  description = "Where the edge is: `PriceClass_All`, `PriceClass_200`, or `PriceClass_100` (North America and Europe)."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_All", "PriceClass_200", "PriceClass_100"], var.price_class)
    error_message = "price_class is PriceClass_All, PriceClass_200 or PriceClass_100."
  }
}

variable "origin_shield_region" {
  description = "Region of one more cache in front of `redirect`: fewer misses, a price for each request; null has none."
  type        = string
  default     = null

  validation {
    condition     = var.origin_shield_region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.origin_shield_region))
    error_message = "origin_shield_region is a region such as eu-central-1."
  }
}

variable "origin_connection_timeout_s" {
  description = "How long the edge tries, once, to reach a function, in seconds."
  type        = number
  default     = 2

  validation {
    condition     = var.origin_connection_timeout_s >= 1 && var.origin_connection_timeout_s <= 10 && floor(var.origin_connection_timeout_s) == var.origin_connection_timeout_s
    error_message = "origin_connection_timeout_s is a whole number from 1 to 10."
  }
}

variable "redirect_origin_timeout_s" {
  description = "How long the edge waits for an answer of `redirect` before it serves a stale one, in seconds."
  type        = number
  default     = 3

  validation {
    condition     = var.redirect_origin_timeout_s >= 1 && var.redirect_origin_timeout_s <= 10 && floor(var.redirect_origin_timeout_s) == var.redirect_origin_timeout_s
    error_message = "redirect_origin_timeout_s is a whole number from 1 to 10."
  }
}

variable "api_origin_timeout_s" {
  description = "How long the edge waits for an answer of `api`, in seconds."
  type        = number
  default     = 30

  validation {
    condition     = var.api_origin_timeout_s >= 5 && var.api_origin_timeout_s <= 60 && floor(var.api_origin_timeout_s) == var.api_origin_timeout_s
    error_message = "api_origin_timeout_s is a whole number from 5 to 60."
  }
}

# Access logs, the ledger of clicks

variable "access_logs_enabled" {
  description = "Whether the edge writes access logs. Clicks are counted from them: without logs there are no statistics."
  type        = bool
  default     = true
}

variable "access_log_bucket_name" {
  description = "Name of the bucket of the access logs; null makes one of `name`, account and region."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_log_bucket_name))
    error_message = "access_log_bucket_name is 3 to 63 lower-case letters, digits, dots and hyphens."
  }
}

variable "access_log_retention_days" {
  description = "How long the access logs are kept, in days. An hour can be counted again for that long; logs come up to 24 hours late."
  type        = number
  default     = 90

  validation {
    condition     = var.access_log_retention_days >= 7 && floor(var.access_log_retention_days) == var.access_log_retention_days
    error_message = "access_log_retention_days is a whole number from 7."
  }
}

variable "access_log_force_destroy" {
  description = "Whether a destroy also deletes the access logs. Off, a destroy stops at a bucket that is not empty."
  type        = bool
  default     = false
}

# Web application firewall

variable "waf_enabled" {
  description = "Whether a web ACL stands before the distribution."
  type        = bool
  default     = true
}

variable "waf_redirect_limit" {
  description = "Most requests outside `/api/` of one address in 5 minutes; more are answered 429. Many people may share an address."
  type        = number
  default     = 3000

  validation {
    condition     = var.waf_redirect_limit >= 10 && var.waf_redirect_limit <= 2000000000 && floor(var.waf_redirect_limit) == var.waf_redirect_limit
    error_message = "waf_redirect_limit is a whole number from 10 to 2000000000."
  }
}

variable "waf_api_limit" {
  description = "Most requests to `/api/` of one address in 5 minutes; more are answered 429. An import sends one for 500 links."
  type        = number
  default     = 3000

  validation {
    condition     = var.waf_api_limit >= 10 && var.waf_api_limit <= 2000000000 && floor(var.waf_api_limit) == var.waf_api_limit
    error_message = "waf_api_limit is a whole number from 10 to 2000000000."
  }
}

# Schedules

variable "warm_redirect_concurrency" {
  description = "Instances of `redirect` that scheduled health checks keep warm; 0 switches them off."
  type        = number
  default     = 2

  validation {
    condition     = var.warm_redirect_concurrency >= 0 && var.warm_redirect_concurrency <= 50 && floor(var.warm_redirect_concurrency) == var.warm_redirect_concurrency
    error_message = "warm_redirect_concurrency is a whole number from 0 to 50; more is provisioned concurrency's work."
  }
}

variable "warm_api_concurrency" {
  description = "Instances of `api` that scheduled health checks keep warm; 0 switches them off."
  type        = number
  default     = 1

  validation {
    condition     = var.warm_api_concurrency >= 0 && var.warm_api_concurrency <= 50 && floor(var.warm_api_concurrency) == var.warm_api_concurrency
    error_message = "warm_api_concurrency is a whole number from 0 to 50; more is provisioned concurrency's work."
  }
}

variable "warm_interval_minutes" {
  description = "Time between two warm-ups, in minutes; Lambda lets an idle instance go after some more."
  type        = number
  default     = 5

  validation {
    condition     = var.warm_interval_minutes >= 1 && var.warm_interval_minutes <= 15 && floor(var.warm_interval_minutes) == var.warm_interval_minutes
    error_message = "warm_interval_minutes is a whole number from 1 to 15."
  }
}

variable "ingest_enabled" {
  description = "Whether access logs are counted: the function `ingest`, its schedule and its dead-letter queue. Without meaning where there are no access logs."
  type        = bool
  default     = true
}

variable "count_visitors" {
  description = "Whether visitors are counted, not only clicks. Their addresses (`c-ip`) are then in the access logs for `access_log_retention_days`, and nowhere else: statistics keep sketches under a salt that is destroyed after two days."
  type        = bool
  default     = true
}

variable "ingest_expected_requests" {
  description = "Whether `ingest` asks CloudWatch how many requests there were, so that statistics say how complete the logs are. It may then read every metric of the account, because this permission knows no resources."
  type        = bool
  default     = false
}

variable "ingest_interval_minutes" {
  description = "Time between two runs of `ingest`, in minutes."
  type        = number
  default     = 5

  validation {
    condition     = var.ingest_interval_minutes >= 1 && var.ingest_interval_minutes <= 60 && floor(var.ingest_interval_minutes) == var.ingest_interval_minutes
    error_message = "ingest_interval_minutes is a whole number from 1 to 60."
  }
}

# Alarms and dashboard

variable "alarms_enabled" {
  description = "Whether there are alarms and the topics they go to."
  type        = bool
  default     = true
}

variable "alarm_email" {
  description = "Address that alarms are mailed to, once it has confirmed both subscriptions; null mails nobody."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[!-?A-~]+@[!-?A-~]+$", var.alarm_email))
    error_message = "alarm_email is a mail address."
  }
}

variable "alarm_actions" {
  description = "ARNs that also get the alarms of functions, table and queue, in the region of the service."
  type        = list(string)
  default     = []
}

variable "edge_alarm_actions" {
  description = "ARNs that also get the alarms of the edge, in us-east-1: an alarm acts in its own region alone."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.edge_alarm_actions : can(regex("^arn:[a-z-]+:[a-z]+:us-east-1:", arn))])
    error_message = "edge_alarm_actions are in us-east-1, where the metrics of CloudFront are."
  }
}

variable "alarm_redirect_p99_ms" {
  description = "Duration that 99 % of the invocations of `redirect` should stay under, in milliseconds, cold starts included."
  type        = number
  default     = 500

  validation {
    condition     = var.alarm_redirect_p99_ms > 0
    error_message = "alarm_redirect_p99_ms is more than 0."
  }
}

variable "alarm_api_p99_ms" {
  description = "Duration that 99 % of the invocations of `api` should stay under, in milliseconds, cold starts included."
  type        = number
  default     = 5000

  validation {
    condition     = var.alarm_api_p99_ms > 0
    error_message = "alarm_api_p99_ms is more than 0."
  }
}

variable "alarm_edge_5xx_percent" {
  description = "Share of answers with a 5xx status at the edge that alarms, in percent."
  type        = number
  default     = 1

  validation {
    condition     = var.alarm_edge_5xx_percent > 0 && var.alarm_edge_5xx_percent < 100
    error_message = "alarm_edge_5xx_percent is more than 0 and less than 100."
  }
}

variable "alarm_edge_requests_per_minute" {
  description = "Requests a minute at the edge that alarm, because each costs money; 5 minutes long."
  type        = number
  default     = 60000

  validation {
    condition     = var.alarm_edge_requests_per_minute >= 1
    error_message = "alarm_edge_requests_per_minute is at least 1."
  }
}

variable "alarm_redirect_requests_per_minute" {
  description = "Invocations a minute of `redirect` that alarm: misses at the edge, each of which costs most; 5 minutes long."
  type        = number
  default     = 12000

  validation {
    condition     = var.alarm_redirect_requests_per_minute >= 1
    error_message = "alarm_redirect_requests_per_minute is at least 1."
  }
}

variable "dashboard_enabled" {
  description = "Whether there is a CloudWatch dashboard."
  type        = bool
  default     = true
}
