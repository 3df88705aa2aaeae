output "repository_url" {
  description = "Where the image is pushed; with a tag, the module's `image_uri`."
  value       = aws_ecr_repository.image.repository_url
}
