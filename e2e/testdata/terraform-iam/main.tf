terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "credentials" { type = string }

provider "aws" {
  region                   = "us-east-1"
  shared_credentials_files = [var.credentials]
  skip_metadata_api_check  = true
  skip_region_validation   = true
  endpoints {
    iam = var.endpoint
    sts = var.endpoint
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.workmail.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "put" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring:*"]
  }
}

resource "aws_iam_role" "role" {
  name               = "workmail-monitoring-role"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = { team = "mail" }
}

resource "aws_iam_role_policy" "inline" {
  name   = "workmail-permissions"
  role   = aws_iam_role.role.id
  policy = data.aws_iam_policy_document.put.json
}

resource "aws_iam_policy" "managed" {
  name        = "workmail-put"
  description = "puts mail events"
  policy      = data.aws_iam_policy_document.put.json
}

resource "aws_iam_role_policy_attachment" "managed" {
  role       = aws_iam_role.role.name
  policy_arn = aws_iam_policy.managed.arn
}

resource "aws_iam_user" "user" {
  name          = "grafana"
  force_destroy = true
  tags          = { team = "mail" }
}

resource "aws_iam_user_policy_attachment" "user" {
  user       = aws_iam_user.user.name
  policy_arn = "arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess"
}

resource "aws_iam_access_key" "key" {
  user = aws_iam_user.user.name
}

resource "aws_iam_service_linked_role" "events" {
  aws_service_name = "events.workmail.amazonaws.com"
}
