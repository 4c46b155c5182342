package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// terraformMirror names the folder of a file-system mirror of providers with
// hashicorp/aws in it ("terraform providers mirror" makes one), because tests
// fetch nothing.
const terraformMirror = "WAYBILL_TERRAFORM_MIRROR"

// terraformConfig is every resource of issue 3: role, role policy, managed
// policy, user, access key, service-linked role.
const terraformConfig = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {
    iam = "ENDPOINT"
    sts = "ENDPOINT"
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
resource "aws_iam_access_key" "key" { user = aws_iam_user.user.name }
resource "aws_iam_service_linked_role" "events" { aws_service_name = "events.workmail.amazonaws.com" }
`

// TestTerraform applies, wants the second plan empty, and destroys. Debian has
// no Terraform, so its absence never fails a run; the calls that its provider
// makes are tested through the SDK in internal/api/iam.
func TestTerraform(t *testing.T) {
	path, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("SKIPPED: terraform is not installed; Terraform was NOT tried")
	}
	mirror := os.Getenv(terraformMirror)
	if mirror == "" {
		t.Skip("SKIPPED: " + terraformMirror + " names no provider mirror; Terraform was NOT tried")
	}
	s := serve(t, "")
	dir := t.TempDir()
	write(t, dir, "main.tf", strings.ReplaceAll(terraformConfig, "ENDPOINT", s.URL))
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(path, append(args, "-no-color", "-input=false")...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(s.Data, "credentials"), "CHECKPOINT_DISABLE=1"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("terraform %s: %v\n%s", args[0], err, out)
		}
		return string(out)
	}
	run("init", "-plugin-dir="+mirror)
	run("apply", "-auto-approve")
	run("plan", "-detailed-exitcode") // exit status 2 if anything would change
	run("destroy", "-auto-approve")
}
