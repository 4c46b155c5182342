package logsapi_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// document allows an account to put log events to a group.
func document(account, group string) *string {
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account +
		`"},"Action":"logs:PutLogEvents","Resource":"` + groupARN + group + `:*"}]}`)
}

func TestTheResourcePolicyOfOneGroup(t *testing.T) {
	v := newServer(t)
	c := v.admin(t)
	ctx := t.Context()
	makeGroup(t, c, "a", "s")
	makeGroup(t, c, "b", "s")
	a := aws.String(groupARN + "a")
	put := func(document, expected *string) (string, error) {
		out, err := c.PutResourcePolicy(ctx, &cwl.PutResourcePolicyInput{ResourceArn: a, PolicyName: aws.String("p"), PolicyDocument: document, ExpectedRevisionId: expected})
		if err != nil {
			return "", err
		}
		if p := out.ResourcePolicy; p.PolicyScope != "RESOURCE" || *p.ResourceArn != *a || *p.RevisionId != *out.RevisionId || *p.PolicyName != "p" {
			t.Errorf("policy %+v", p)
		}
		return *out.RevisionId, nil
	}
	_, err := put(document(other, "a"), aws.String("x"))
	wantError(t, err, "OperationAbortedException", "expectedRevisionId")
	first, err := put(document(other, "a"), nil)
	must(t, err)

	// It is enforced, and says nothing of its neighbours.
	guest := v.client(t, other, "guest", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	write := func() error {
		_, err := guest.DescribeLogStreams(ctx, &cwl.DescribeLogStreamsInput{LogGroupIdentifier: a})
		return err
	}
	wantError(t, write(), "AccessDeniedException", "")
	second, err := put(aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"`+other+`"},"Action":"logs:*","Resource":"*"}]}`), &first)
	must(t, err)
	must(t, write())
	_, err = guest.DescribeLogStreams(ctx, &cwl.DescribeLogStreamsInput{LogGroupIdentifier: aws.String(groupARN + "b")})
	wantError(t, err, "AccessDeniedException", "")

	for _, q := range []struct {
		in   cwl.DescribeResourcePoliciesInput
		want int
	}{
		{cwl.DescribeResourcePoliciesInput{}, 0},
		{cwl.DescribeResourcePoliciesInput{PolicyScope: "RESOURCE"}, 1},
		{cwl.DescribeResourcePoliciesInput{ResourceArn: a}, 1},
		{cwl.DescribeResourcePoliciesInput{ResourceArn: aws.String(groupARN + "b")}, 0},
	} {
		out, err := c.DescribeResourcePolicies(ctx, &q.in)
		must(t, err)
		if len(out.ResourcePolicies) != q.want {
			t.Errorf("%+v: %d policies, want %d", q.in, len(out.ResourcePolicies), q.want)
		}
	}
	remove := func(expected *string) error {
		_, err := c.DeleteResourcePolicy(ctx, &cwl.DeleteResourcePolicyInput{ResourceArn: a, ExpectedRevisionId: expected})
		return err
	}
	wantError(t, remove(&first), "OperationAbortedException", "")
	wantError(t, remove(nil), "OperationAbortedException", "")
	must(t, remove(&second))
	wantError(t, remove(&second), "ResourceNotFoundException", "")
	wantError(t, write(), "AccessDeniedException", "")

	// It goes with its group.
	_, err = put(document(other, "a"), nil)
	must(t, err)
	_, err = c.DeleteLogGroup(ctx, &cwl.DeleteLogGroupInput{LogGroupName: aws.String("a")})
	must(t, err)
	makeGroup(t, c, "a")
	out, err := c.DescribeResourcePolicies(ctx, &cwl.DescribeResourcePoliciesInput{PolicyScope: "RESOURCE"})
	must(t, err)
	if len(out.ResourcePolicies) != 0 {
		t.Errorf("policies %+v", out.ResourcePolicies)
	}
}

func TestResourcePolicyRefusals(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	put := func(in cwl.PutResourcePolicyInput) error {
		_, err := c.PutResourcePolicy(ctx, &in)
		return err
	}
	wantError(t, put(cwl.PutResourcePolicyInput{PolicyDocument: document(other, "a")}), "InvalidParameterException", "policyName")
	wantError(t, put(cwl.PutResourcePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String("{}")}), "InvalidParameterException", "Invalid policy document")
	wantError(t, put(cwl.PutResourcePolicyInput{PolicyName: aws.String("p"), PolicyDocument: document(other, "a"), ExpectedRevisionId: aws.String("x")}), "InvalidParameterException", "resourceArn")
	wantError(t, put(cwl.PutResourcePolicyInput{ResourceArn: aws.String(groupARN + "none"), PolicyDocument: document(other, "a")}), "ResourceNotFoundException", "")
	var want []string
	for i := range 10 {
		name := fmt.Sprint("p", i)
		must(t, put(cwl.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: document(other, "a")}))
		want = append(want, name)
	}
	wantError(t, put(cwl.PutResourcePolicyInput{PolicyName: aws.String("p10"), PolicyDocument: document(other, "a")}), "LimitExceededException", "Resource limit exceeded.")
	var got []string
	in := cwl.DescribeResourcePoliciesInput{Limit: aws.Int32(3)}
	for more := true; more; more = in.NextToken != nil {
		page, err := c.DescribeResourcePolicies(ctx, &in)
		must(t, err)
		for _, p := range page.ResourcePolicies {
			if p.PolicyScope != "ACCOUNT" || p.RevisionId != nil || p.ResourceArn != nil {
				t.Errorf("policy %+v", p)
			}
			got = append(got, *p.PolicyName)
		}
		in.NextToken = page.NextToken
	}
	if !slices.Equal(got, want) {
		t.Errorf("policies %v", got)
	}
}
