# The functions have URLs that only this account's distribution can call: AWS_IAM demands a signature, and the edge signs.
resource "aws_lambda_function_url" "live" {
  for_each = local.http_functions

  function_name      = aws_lambda_function.this[each.key].function_name
  qualifier          = aws_lambda_alias.live[each.key].name
  authorization_type = "AWS_IAM"
  invoke_mode        = "BUFFERED"
}

# Function URLs check two permissions: to use the URL and to invoke the function.
resource "aws_lambda_permission" "edge_url" {
  for_each = local.http_functions

  statement_id  = "EdgeUsesUrl"
  action        = "lambda:InvokeFunctionUrl"
  principal     = "cloudfront.amazonaws.com"
  function_name = aws_lambda_function.this[each.key].function_name
  qualifier     = aws_lambda_alias.live[each.key].name
  source_arn    = aws_cloudfront_distribution.edge.arn
}

resource "aws_lambda_permission" "edge_function" {
  for_each = local.http_functions

  statement_id  = "EdgeInvokes"
  action        = "lambda:InvokeFunction"
  principal     = "cloudfront.amazonaws.com"
  function_name = aws_lambda_function.this[each.key].function_name
  qualifier     = aws_lambda_alias.live[each.key].name
  source_arn    = aws_cloudfront_distribution.edge.arn
}
