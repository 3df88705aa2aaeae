# Before the cache: one form of host and path for one link, and which distribution asks.
resource "aws_cloudfront_function" "viewer_request" {
  name    = "${var.name}-viewer-request"
  comment = "Canonical host and path, and the distribution's id"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/functions/viewer-request.js")
}

# After the cache: the visitor's query, the browser's cache, and the end of a link.
resource "aws_cloudfront_function" "viewer_response" {
  name    = "${var.name}-viewer-response"
  comment = "Forwarded query, no-cache for browsers, 410 once a link is over"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/functions/viewer-response.js")
}
