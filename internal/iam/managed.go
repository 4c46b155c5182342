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
	ARN  string
	Name string
	// ID is AWS's own id of the policy; empty where we know none.
	ID          string
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

// managedPolicies are those that matter here, with the facts of the AWS
// Managed Policy Reference (version, creation and last edit).
var managedPolicies = []ManagedPolicy{
	{Name: "AdministratorAccess", ID: "ANPAIWMBCKSKIEE64ZLYK", Path: "/", Version: "v1",
		Description: "Provides full access to AWS services and resources.",
		Created:     time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC), Updated: time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)},
	{Name: "AmazonWorkMailEventsServiceRolePolicy", Path: servicePath, Version: "v1", ServiceRole: true,
		Description: "Enables access to AWS Services and Resources used or managed by Amazon WorkMail Events",
		Created:     time.Date(2019, 4, 16, 16, 52, 43, 0, time.UTC), Updated: time.Date(2019, 4, 16, 16, 52, 43, 0, time.UTC)},
	{Name: "AmazonWorkMailFullAccess", ID: "ANPAJQVKNMT7SVATQ4AUY", Path: "/", Version: "v10",
		Description: "Provides full access to WorkMail, Directory Service, SES, EC2 and read access to KMS metadata.",
		Created:     time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC), Updated: time.Date(2020, 12, 21, 14, 13, 0, 0, time.UTC)},
	{Name: "AmazonWorkMailReadOnlyAccess", ID: "ANPAJHF7J65E2QFKCWAJM", Path: "/", Version: "v4",
		Description: "Provides read only access to WorkMail and SES.",
		Created:     time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC), Updated: time.Date(2019, 7, 25, 8, 24, 0, 0, time.UTC)},
	{Name: "CloudWatchLogsFullAccess", ID: "ANPAJ3ZGNWK2R5HW5BQFO", Path: "/", Version: "v2",
		Description: "Provides full access to CloudWatch Logs",
		Created:     time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC), Updated: time.Date(2023, 11, 27, 0, 0, 0, 0, time.UTC)},
	{Name: "CloudWatchLogsReadOnlyAccess", ID: "ANPAJ2YIYDYSNNEHK3VKW", Path: "/", Version: "v8",
		Description: "Provides read only access to CloudWatch Logs",
		Created:     time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC), Updated: time.Date(2025, 12, 2, 16, 34, 0, 0, time.UTC)},
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
