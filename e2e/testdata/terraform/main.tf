terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "credentials" { type = string }

provider "aws" {
  region                      = "us-east-1"
  shared_credentials_files    = [var.credentials]
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_credentials_validation = true
  endpoints {
    logs = var.endpoint
    sts  = var.endpoint
    iam  = var.endpoint
  }
}

resource "aws_cloudwatch_log_group" "mail" {
  name              = "/mail/terraform"
  retention_in_days = 30
  tags              = { team = "mail" }
}

resource "aws_cloudwatch_log_stream" "mx" {
  name           = "mx1"
  log_group_name = aws_cloudwatch_log_group.mail.name
}

resource "aws_cloudwatch_log_metric_filter" "bounces" {
  name           = "bounces"
  log_group_name = aws_cloudwatch_log_group.mail.name
  pattern        = "{ $.event.eventName = \"*BOUNCED\" }"
  metric_transformation {
    name       = "Bounces"
    namespace  = "Mail"
    value      = "1"
    unit       = "Count"
    dimensions = { Domain = "$.event.domain" }
  }
}

resource "aws_cloudwatch_log_metric_filter" "sent" {
  name           = "sent"
  log_group_name = aws_cloudwatch_log_group.mail.name
  pattern        = "sent"
  metric_transformation {
    name          = "Sent"
    namespace     = "Mail"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_log_subscription_filter" "archive" {
  name            = "archive"
  log_group_name  = aws_cloudwatch_log_group.mail.name
  filter_pattern  = "bounced"
  destination_arn = "arn:aws:lambda:us-east-1:111122223333:function:archive"
}

data "aws_iam_policy_document" "publish" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.mail.arn}:*"]
    principals {
      type        = "Service"
      identifiers = ["events.workmail.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "publish" {
  policy_name     = "publish"
  policy_document = data.aws_iam_policy_document.publish.json
}

resource "aws_cloudwatch_query_definition" "newest" {
  name            = "mail/newest"
  log_group_names = [aws_cloudwatch_log_group.mail.name]
  query_string    = "fields @timestamp, @message\n| sort @timestamp desc\n| limit 20"
}
