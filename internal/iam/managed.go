package iam

import (
	"embed"
	"fmt"
	"time"

	"waybill/internal/arn"
	"waybill/internal/iam/policy"
)

//go:embed managed/*.json
var managedDocuments embed.FS

// ManagedPolicy is a policy that stands on its own and is attached to entities:
// one that AWS manages, the same in every account and nobody's to change, or one
// of a customer's.
type ManagedPolicy struct {
	ARN         string
	Name        string
	ID          string // "ANPA..."
	Path        string
	Description string
	// Version is the default version, "v1"; of AWS's policies the only one kept here.
	Version string
	// Document is that of the default version; read it with PolicyVersion, as a
	// customer's is not filled in by lists.
	Document string
	// ServiceRole marks a policy for service-linked roles only.
	ServiceRole bool
	Created     time.Time
	Updated     time.Time
	Tags        []Tag
	// Uses are those in the account that asks.
	Uses Uses

	parsed *policy.Document
}

const servicePath = "/aws-service-role/"

// managedPolicies are those that matter here, with AWS's ids, versions and times.
// Of ReadOnlyAccess only the actions of services that Waybill answers for are
// kept; the others are whole.
var managedPolicies = []ManagedPolicy{
	{Name: "AdministratorAccess", ID: "ANPAIWMBCKSKIEE64ZLYK", Path: "/", Version: "v1",
		Description: "Provides full access to AWS services and resources.",
		Created:     day("2015-02-06T18:39:46Z"), Updated: day("2015-02-06T18:39:46Z")},
	{Name: "AmazonWorkMailEventsServiceRolePolicy", ID: "ANPAZKAPJZG4JG5LNO3U7", Path: servicePath, Version: "v1", ServiceRole: true,
		Description: "Enables access to AWS Services and Resources used or managed by Amazon WorkMail Events",
		Created:     day("2019-04-16T16:52:43Z"), Updated: day("2019-04-16T16:52:43Z")},
	{Name: "AmazonWorkMailFullAccess", ID: "ANPAJQVKNMT7SVATQ4AUY", Path: "/", Version: "v10",
		Description: "Provides full access to WorkMail, Directory Service, SES, EC2 and read access to KMS metadata.",
		Created:     day("2015-02-06T18:40:41Z"), Updated: day("2020-12-21T14:13:40Z")},
	{Name: "AmazonWorkMailReadOnlyAccess", ID: "ANPAJHF7J65E2QFKCWAJM", Path: "/", Version: "v4",
		Description: "Provides read only access to WorkMail and SES.",
		Created:     day("2015-02-06T18:40:42Z"), Updated: day("2019-07-25T08:24:50Z")},
	{Name: "CloudWatchFullAccess", ID: "ANPAIKEABORKUXN6DEAZU", Path: "/", Version: "v4",
		Description: "Provides full access to CloudWatch.",
		Created:     day("2015-02-06T18:40:00Z"), Updated: day("2022-11-27T13:23:49Z")},
	{Name: "CloudWatchLogsFullAccess", ID: "ANPAJ3ZGNWK2R5HW5BQFO", Path: "/", Version: "v8",
		Description: "Provides full access to CloudWatch Logs",
		Created:     day("2015-02-06T18:40:02Z"), Updated: day("2026-02-12T18:00:33Z")},
	{Name: "CloudWatchLogsReadOnlyAccess", ID: "ANPAJ2YIYDYSNNEHK3VKW", Path: "/", Version: "v12",
		Description: "Provides read only access to CloudWatch Logs",
		Created:     day("2015-02-06T18:40:03Z"), Updated: day("2026-02-12T17:59:13Z")},
	{Name: "CloudWatchReadOnlyAccess", ID: "ANPAJN23PDQP7SZQAE3QE", Path: "/", Version: "v24",
		Description: "Provides read only access to CloudWatch.",
		Created:     day("2015-02-06T18:40:01Z"), Updated: day("2026-02-12T18:01:50Z")},
	{Name: "IAMUserChangePassword", ID: "ANPAJ4L4MM2A7QIEB56MS", Path: "/", Version: "v5",
		Description: "Provides the ability for an IAM user to change their own password.",
		Created:     day("2016-11-15T00:25:16Z"), Updated: day("2026-02-12T17:58:57Z")},
	{Name: "ReadOnlyAccess", ID: "ANPAILL3HVNFSB6DCOWYQ", Path: "/", Version: "v178",
		Description: "Provides read-only access to AWS services and resources.",
		Created:     day("2015-02-06T18:39:48Z"), Updated: day("2026-02-12T18:01:33Z")},
}

// day reads a time of the list above; a broken one is the zero time, which a
// test refuses.
func day(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

// ManagedPolicyARN returns the ARN of an AWS-managed policy with the path "/".
func ManagedPolicyARN(name string) string { return arn.IAM("aws", "policy", "/", name) }

// loadManaged reads and parses the documents.
func loadManaged() (map[string]ManagedPolicy, error) {
	byARN := make(map[string]ManagedPolicy, len(managedPolicies))
	for _, m := range managedPolicies {
		text, err := managedDocuments.ReadFile("managed/" + m.Name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read AWS-managed policy %s: %w", m.Name, err)
		}
		if m.parsed, err = policy.Parse(policy.Identity, text); err != nil {
			return nil, fmt.Errorf("parse AWS-managed policy %s: %w", m.Name, err)
		}
		m.Document = string(text)
		m.ARN = arn.IAM("aws", "policy", m.Path, m.Name)
		byARN[m.ARN] = m
	}
	return byARN, nil
}
