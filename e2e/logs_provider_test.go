package e2e

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// definitions names everything that Terraform's provider can make here, found by
// the reads that the provider makes.
func definitions(t *testing.T, c *cwl.Client) (names []string) {
	t.Helper()
	ctx := t.Context()
	groups, err := c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/mail/")})
	ok(t, err)
	for _, g := range groups.LogGroups {
		names = append(names, "group "+*g.LogGroupName)
		streams, err := c.DescribeLogStreams(ctx, &cwl.DescribeLogStreamsInput{LogGroupName: g.LogGroupName})
		ok(t, err)
		for _, s := range streams.LogStreams {
			names = append(names, "stream "+*s.LogStreamName)
		}
		subscriptions, err := c.DescribeSubscriptionFilters(ctx, &cwl.DescribeSubscriptionFiltersInput{LogGroupName: g.LogGroupName})
		ok(t, err)
		for _, f := range subscriptions.SubscriptionFilters {
			names = append(names, "subscription filter "+*f.FilterName)
		}
	}
	metrics, err := c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{})
	ok(t, err)
	for _, f := range metrics.MetricFilters {
		names = append(names, "metric filter "+*f.FilterName)
	}
	policies, err := c.DescribeResourcePolicies(ctx, &cwl.DescribeResourcePoliciesInput{})
	ok(t, err)
	for _, p := range policies.ResourcePolicies {
		names = append(names, "policy "+*p.PolicyName)
	}
	queries, err := c.DescribeQueryDefinitions(ctx, &cwl.DescribeQueryDefinitionsInput{})
	ok(t, err)
	for _, q := range queries.QueryDefinitions {
		names = append(names, "query "+*q.Name)
	}
	return names
}

// TestWhatTerraformsProviderCalls makes the calls of an apply, a plan and a
// destroy with the SDK that the provider uses, where Terraform itself is not
// installed: what is read back must be what was put, or a plan would not be empty.
func TestWhatTerraformsProviderCalls(t *testing.T) {
	s := serve(t, "")
	c := s.sdk(t, aliased())
	ctx := t.Context()
	group := aws.String("/mail/provider")
	_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: group, Tags: map[string]string{"team": "mail"}, LogGroupClass: types.LogGroupClassStandard})
	ok(t, err)
	_, err = c.PutRetentionPolicy(ctx, &cwl.PutRetentionPolicyInput{LogGroupName: group, RetentionInDays: aws.Int32(30)})
	ok(t, err)
	_, err = c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: group, LogStreamName: aws.String("mx1")})
	ok(t, err)
	transformation := types.MetricTransformation{MetricName: aws.String("Sent"), MetricNamespace: aws.String("Mail"), MetricValue: aws.String("1"),
		DefaultValue: aws.Float64(0), Unit: types.StandardUnitNone}
	_, err = c.PutMetricFilter(ctx, &cwl.PutMetricFilterInput{LogGroupName: group, FilterName: aws.String("sent"), FilterPattern: aws.String("sent"),
		MetricTransformations: []types.MetricTransformation{transformation}})
	ok(t, err)
	document := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}`)
	_, err = c.PutResourcePolicy(ctx, &cwl.PutResourcePolicyInput{PolicyName: aws.String("publish"), PolicyDocument: document})
	ok(t, err)
	query, err := c.PutQueryDefinition(ctx, &cwl.PutQueryDefinitionInput{Name: aws.String("mail/newest"), QueryString: aws.String("limit 20"), LogGroupNames: []string{*group}})
	ok(t, err)
	if got := definitions(t, c); len(got) != 5 {
		t.Errorf("there are %v", got)
	}

	read, err := c.DescribeLogGroups(ctx, &cwl.DescribeLogGroupsInput{LogGroupNamePrefix: group})
	ok(t, err)
	if g := read.LogGroups[0]; *g.LogGroupName != *group || *g.RetentionInDays != 30 || g.LogGroupClass != types.LogGroupClassStandard || g.KmsKeyId != nil {
		t.Errorf("group %+v", g)
	}
	tags, err := c.ListTagsForResource(ctx, &cwl.ListTagsForResourceInput{ResourceArn: read.LogGroups[0].LogGroupArn})
	ok(t, err)
	if len(tags.Tags) != 1 || tags.Tags["team"] != "mail" {
		t.Errorf("tags %v", tags.Tags)
	}
	filters, err := c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{LogGroupName: group, FilterNamePrefix: aws.String("sent")})
	ok(t, err)
	if m := filters.MetricFilters[0].MetricTransformations[0]; *m.DefaultValue != 0 || m.Unit != types.StandardUnitNone || m.Dimensions != nil || *m.MetricValue != "1" {
		t.Errorf("transformation %+v", m)
	}
	policies, err := c.DescribeResourcePolicies(ctx, &cwl.DescribeResourcePoliciesInput{})
	ok(t, err)
	if p := policies.ResourcePolicies[0]; *p.PolicyDocument != *document {
		t.Errorf("policy %+v", p)
	}
	queries, err := c.DescribeQueryDefinitions(ctx, &cwl.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: aws.String("mail/newest")})
	ok(t, err)
	if q := queries.QueryDefinitions[0]; *q.QueryDefinitionId != *query.QueryDefinitionId || *q.QueryString != "limit 20" || q.LogGroupNames[0] != *group {
		t.Errorf("query %+v", q)
	}

	_, err = c.DeleteQueryDefinition(ctx, &cwl.DeleteQueryDefinitionInput{QueryDefinitionId: query.QueryDefinitionId})
	ok(t, err)
	_, err = c.DeleteResourcePolicy(ctx, &cwl.DeleteResourcePolicyInput{PolicyName: aws.String("publish")})
	ok(t, err)
	_, err = c.DeleteMetricFilter(ctx, &cwl.DeleteMetricFilterInput{LogGroupName: group, FilterName: aws.String("sent")})
	ok(t, err)
	_, err = c.DeleteLogStream(ctx, &cwl.DeleteLogStreamInput{LogGroupName: group, LogStreamName: aws.String("mx1")})
	ok(t, err)
	_, err = c.DeleteLogGroup(ctx, &cwl.DeleteLogGroupInput{LogGroupName: group})
	ok(t, err)
	if got := definitions(t, c); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	// The provider takes this for "gone".
	_, err = c.DescribeMetricFilters(ctx, &cwl.DescribeMetricFiltersInput{LogGroupName: group})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		t.Errorf("error %v", err)
	}
}
