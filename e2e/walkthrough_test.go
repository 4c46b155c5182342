package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const serviceRole = "AWSServiceRoleForAmazonWorkMailEvents"

// TestWalkthroughDefault is procedure A through the API, then procedure C:
// docs/walkthrough.md has the steps.
func TestWalkthroughDefault(t *testing.T) {
	l := startLab(t)
	s := serve(t, labConfig(l, `"off"`))
	id := s.organization(t)

	s.awsFails(t, "ResourceNotFoundException", "workmail", "describe-email-monitoring-configuration", "--organization-id", id)
	s.aws(t, "iam", "create-service-linked-role", "--aws-service-name", "events.workmail.amazonaws.com")
	s.aws(t, "logs", "create-log-group", "--log-group-name", defaultGroup)
	s.aws(t, "logs", "put-retention-policy", "--log-group-name", defaultGroup, "--retention-in-days", "30")
	groupARN := "arn:aws:logs:" + region + ":" + account + ":log-group:" + defaultGroup + ":*"
	roleARN := "arn:aws:iam::" + account + ":role/aws-service-role/events.workmail.amazonaws.com/" + serviceRole
	s.aws(t, "workmail", "put-email-monitoring-configuration", "--organization-id", id, "--log-group-arn", groupARN, "--role-arn", roleARN)
	got := awsJSON[struct{ RoleArn, LogGroupArn string }](t, s, "workmail", "describe-email-monitoring-configuration", "--organization-id", id)
	if got.RoleArn != roleARN || got.LogGroupArn != groupARN {
		t.Errorf("configuration: %+v", got)
	}

	l.send(t, message{from: "s@sender.test", to: []string{"alice@example.com"}, subject: "on", id: "<on@sender.test>", body: "x"})
	s.waitEvents(t, defaultGroup, byMessageID("ORGANIZATION_EMAIL_RECEIVED", "<on@sender.test>"), 1)
	s.waitEvents(t, defaultGroup, `{ $.event.eventName = "MAILBOX_EMAIL_DELIVERED" }`, 1)

	s.deletionStatus(t, "FAILED", "example")

	// C: off, and nothing more is published.
	s.aws(t, "workmail", "delete-email-monitoring-configuration", "--organization-id", id)
	before := len(s.events(t, defaultGroup, ""))
	l.send(t, message{from: "s@sender.test", to: []string{"alice@example.com"}, subject: "off", id: "<off@sender.test>", body: "x"})
	eventually(t, "the message to be delivered and read", func() (bool, string) {
		log := readFile(l.path("log/dovecot.log"))
		return strings.Contains(log, "<off@sender.test>") && l.queueIsEmpty(t), log
	})
	s.aws(t, "workmail", "put-email-monitoring-configuration", "--organization-id", id, "--log-group-arn", groupARN, "--role-arn", roleARN)
	l.send(t, message{from: "s@sender.test", to: []string{"alice@example.com"}, subject: "on again", id: "<again@sender.test>", body: "x"})
	s.waitEvents(t, defaultGroup, byMessageID("ORGANIZATION_EMAIL_RECEIVED", "<again@sender.test>"), 1)
	if n := len(s.events(t, defaultGroup, `"<off@sender.test>"`)); n != 0 {
		t.Errorf("%d events of a message that came while event logging was off (%d before)", n, before)
	}
	s.aws(t, "workmail", "delete-email-monitoring-configuration", "--organization-id", id)
	s.aws(t, "logs", "delete-log-group", "--log-group-name", defaultGroup)
	s.deletionStatus(t, "SUCCEEDED", "")
	s.awsFails(t, "NoSuchEntity", "iam", "get-role", "--role-name", serviceRole)
}

// deletionStatus asks for the service-linked role's deletion and how it went.
func (s *server) deletionStatus(t *testing.T, want, naming string) {
	t.Helper()
	task := awsJSON[struct{ DeletionTaskId string }](t, s, "iam", "delete-service-linked-role", "--role-name", serviceRole)
	var out string
	eventually(t, "the deletion to be "+want, func() (bool, string) {
		out = s.aws(t, "iam", "get-service-linked-role-deletion-status", "--deletion-task-id", task.DeletionTaskId)
		return strings.Contains(out, `"Status": "`+want+`"`), out
	})
	if !strings.Contains(out, naming) {
		t.Errorf("the status does not name %s:\n%s", naming, out)
	}
}

// TestWalkthroughCustom is procedure B with Amazon's commands verbatim.
func TestWalkthroughCustom(t *testing.T) {
	l := startLab(t)
	s := serve(t, labConfig(l, `"off"`))
	id := s.organization(t)
	dir := t.TempDir()
	trust := write(t, dir, "trustpolicyforworkmail.json", `{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Principal": { "Service": "events.workmail.amazonaws.com" }, "Action": "sts:AssumeRole" } ] }`)
	role := write(t, dir, "rolepolicy.json", `{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": [ "logs:CreateLogStream", "logs:PutLogEvents" ],
  "Resource": "arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring*" } ] }`)

	s.aws(t, "--region", "us-east-1", "logs", "create-log-group", "--log-group-name", "workmail-monitoring")
	s.aws(t, "iam", "create-role", "--role-name", "workmail-monitoring-role", "--assume-role-policy-document", "file://"+trust)
	put := []string{"workmail", "put-email-monitoring-configuration", "--organization-id", id,
		"--log-group-arn", "arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring:*",
		"--role-arn", "arn:aws:iam::111122223333:role/workmail-monitoring-role"}
	if out, err := s.tryAWS(t, put...); err == nil || !strings.Contains(out, "logs:CreateLogStream") {
		t.Errorf("a role without permissions was accepted, or the reason is not said:\n%s", out)
	}
	s.aws(t, "iam", "put-role-policy", "--role-name", "workmail-monitoring-role", "--policy-name", "workmail-permissions", "--policy-document", "file://"+role)
	s.aws(t, put...)

	l.send(t, message{from: "s@sender.test", to: []string{"bob@example.com"}, subject: "custom", id: "<custom@sender.test>", body: "x"})
	s.waitEvents(t, "workmail-monitoring", byMessageID("ORGANIZATION_EMAIL_RECEIVED", "<custom@sender.test>"), 1)

	// Broken later, events wait and flow again in order once it is mended.
	s.aws(t, "iam", "delete-role-policy", "--role-name", "workmail-monitoring-role", "--policy-name", "workmail-permissions")
	l.send(t, message{from: "s@sender.test", to: []string{"bob@example.com"}, subject: "waits", id: "<waits@sender.test>", body: "x"})
	eventually(t, "delivery", func() (bool, string) {
		return strings.Contains(readFile(l.path("log/dovecot.log")), "msgid=<waits@sender.test>"), ""
	})
	if n := len(s.events(t, "workmail-monitoring", `"<waits@sender.test>"`)); n != 0 {
		t.Errorf("published without permission: %d events", n)
	}
	s.aws(t, "iam", "put-role-policy", "--role-name", "workmail-monitoring-role", "--policy-name", "workmail-permissions", "--policy-document", "file://"+role)
	s.waitEvents(t, "workmail-monitoring", byMessageID("ORGANIZATION_EMAIL_RECEIVED", "<waits@sender.test>"), 1)
	s.waitEvents(t, "workmail-monitoring", `{ $.event.eventName = "MAILBOX_EMAIL_DELIVERED" }`, 2)
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
