// Package arn reads and writes Amazon Resource Names
// (arn:partition:service:region:account-id:resource).
package arn

import (
	"fmt"
	"strings"
)

// Partition is the only partition Waybill answers for.
const Partition = "aws"

// ARN is the six parts of an Amazon Resource Name. Region and Account may be
// empty; Resource keeps every colon after the fifth.
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string
}

// Parse splits s. It checks the shape only: six parts, the first "arn", and a
// partition, service and resource that are not empty.
func Parse(s string) (ARN, error) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
		return ARN{}, fmt.Errorf("parse ARN %q: want arn:partition:service:region:account:resource", s)
	}
	return ARN{Partition: parts[1], Service: parts[2], Region: parts[3], Account: parts[4], Resource: parts[5]}, nil
}

// String joins the parts again.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// LogGroup returns a log group's ARN without the trailing ":*"
// (DescribeLogGroups calls it logGroupArn).
func LogGroup(region, account, name string) string {
	return ARN{Partition, "logs", region, account, "log-group:" + name}.String()
}

// LogStream returns the ARN of a stream in a group.
func LogStream(region, account, group, stream string) string {
	return LogGroup(region, account, group) + ":log-stream:" + stream
}

// Organization returns a WorkMail organization's ARN; id is "m-" and 32 hex digits.
func Organization(region, account, id string) string {
	return ARN{Partition, "workmail", region, account, "organization/" + id}.String()
}

// IAM returns the ARN of an IAM entity. kind is "role", "user", "policy" or
// "group"; path begins and ends with "/".
func IAM(account, kind, path, name string) string {
	return ARN{Partition, "iam", "", account, kind + path + name}.String()
}

// AssumedRole returns the ARN of a role session.
func AssumedRole(account, role, session string) string {
	return ARN{Partition, "sts", "", account, "assumed-role/" + role + "/" + session}.String()
}

// LookupTable returns the ARN of a lookup table of CloudWatch Logs.
func LookupTable(region, account, name string) string {
	return ARN{Partition, "logs", region, account, "lookup-table:" + name}.String()
}
