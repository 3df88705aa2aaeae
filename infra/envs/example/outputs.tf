output "distribution_url" {
  description = "What `base_url` is set to where there is no domain."
  value       = module.shortener.distribution_url
}

output "distribution_domain_name" {
  description = "What a CNAME of the host points at where DNS is elsewhere."
  value       = module.shortener.distribution_domain_name
}

output "api_profile_command" {
  description = "Teaches the CLI the API."
  value       = module.shortener.api_profile_command
}

output "table_profile_command" {
  description = "Teaches the CLI the table."
  value       = module.shortener.table_profile_command
}

output "live_versions" {
  description = "Versions in use, for a roll-back."
  value       = module.shortener.live_versions
}

output "table_access_policy" {
  description = "IAM policy of whoever uses the table by the CLI."
  value       = module.shortener.table_access_policy
}

output "distribution_id" {
  description = "What an invalidation names."
  value       = module.shortener.distribution_id
}

output "alarm_topic_arns" {
  description = "Topics of the alarms."
  value       = module.shortener.alarm_topic_arns
}
