package iamapi_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// simulated is a server with principals to simulate: the user ann in the group
// dev, the bounded user bob, the role writer.
func simulated(t *testing.T) *sdk.Client {
	t.Helper()
	ctx, c := t.Context(), newServer(t).administer()
	const own = `{"Version":"2012-10-17","Statement":[{"Sid":"Own","Effect":"Allow","Action":"iam:*AccessKey*","Resource":"arn:aws:iam::*:user/${aws:username}"}]}`
	const dev = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": \"logs:Put*\", \"Resource\": \"*\",\n" +
		"     \"Condition\": {\"StringEquals\": {\"aws:PrincipalTag/team\": \"mail\"}}},\n    {\"Effect\": \"Deny\", \"Action\": \"logs:DeleteLogGroup\", \"Resource\": \"*\"}\n  ]\n}"
	const onlyGet = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:Get*","Resource":"*"}]}`
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:AssumeRole"}]}`
	str := aws.String
	ok(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: str("only-get"), PolicyDocument: str(onlyGet)}))(t)
	ok(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: str("dev")}))(t)
	ok(c.PutGroupPolicy(ctx, &sdk.PutGroupPolicyInput{GroupName: str("dev"), PolicyName: str("put"), PolicyDocument: str(dev)}))(t)
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: str("ann"), Tags: []types.Tag{{Key: str("team"), Value: str("mail")}}}))(t)
	ok(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{UserName: str("ann"), GroupName: str("dev")}))(t)
	ok(c.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: str("ann"), PolicyName: str("own"), PolicyDocument: str(own)}))(t)
	ok(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: str("ann"), PolicyArn: str("arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess")}))(t)
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: str("bob"), PermissionsBoundary: str("arn:aws:iam::" + account + ":policy/only-get")}))(t)
	ok(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: str("bob"), PolicyArn: str("arn:aws:iam::aws:policy/AdministratorAccess")}))(t)
	ok(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: str("writer"), Path: str("/mail/"), AssumeRolePolicyDocument: str(trust)}))(t)
	ok(c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: str("writer"), PolicyName: str("put"), PolicyDocument: str(dev)}))(t)
	return c
}

func TestSimulatePrincipalPolicy(t *testing.T) {
	runSimulations(t, simulated(t), "testdata/simulate-principal.txt")
}

func TestContextKeysForPrincipalPolicy(t *testing.T) {
	c := simulated(t)
	for arn, want := range map[string][]string{
		"arn:aws:iam::" + account + ":user/ann":         {"aws:PrincipalTag/team", "aws:username", "aws:x"},
		"arn:aws:iam::" + account + ":group/dev":        {"aws:PrincipalTag/team", "aws:x"},
		"arn:aws:iam::" + account + ":user/bob":         {"aws:x"},
		"arn:aws:iam::" + account + ":role/mail/writer": {"aws:PrincipalTag/team", "aws:x"},
	} {
		out, err := c.GetContextKeysForPrincipalPolicy(t.Context(), &sdk.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: &arn,
			PolicyInputList: []string{`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:x":"true"}}}}`}})
		must(t, err)
		if !slices.Equal(out.ContextKeyNames, want) {
			t.Errorf("%s: keys %q, want %q", arn, out.ContextKeyNames, want)
		}
	}
	_, err := c.GetContextKeysForPrincipalPolicy(t.Context(), &sdk.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::" + account + ":role/writer")})
	wantError(t, err, 404, "NoSuchEntity", "No such entity arn:aws:iam::"+account+":role/writer")
}
