package app

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/workmail"
	smithymiddleware "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/tools/txtar"

	"waybill/internal/api"
	"waybill/internal/arn"
)

var update = flag.Bool("update", false, "write the expected outcomes of testdata anew")

// sources are whom the service principal acts for; the table's columns.
var sources = []struct{ name, arn, account string }{
	{"a1", arn.Organization(region, accountA, "m-"+strings.Repeat("1", 32)), accountA},
	{"a2", arn.Organization("us-east-1", accountA, "m-"+strings.Repeat("2", 32)), accountA},
	{"b", arn.Organization(region, accountB, "m-"+strings.Repeat("b", 32)), accountB},
	// These no publisher sends: nothing said, half of it, and two accounts at once.
	{"none", "", ""},
	{"arn", arn.Organization(region, accountA, "m-"+strings.Repeat("1", 32)), ""},
	{"account", "", accountA},
	{"mixed", arn.Organization(region, accountB, "m-"+strings.Repeat("b", 32)), accountA},
}

// TestConfusedDeputy has the service principal act, over the signed API, for
// organizations of two accounts on roles and log groups of one, under the
// policies of testdata/confused-deputy.txt: which says how they fare.
func TestConfusedDeputy(t *testing.T) {
	const file = "testdata/confused-deputy.txt"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := runServer(t)
	_, err = cwl.NewFromConfig(r.config(r.admins[accountA])).CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("mail")})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(archive.Comment)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			got.WriteString(line)
			continue
		}
		name := strings.Fields(line)[0]
		i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("no policy %s", name)
		}
		document := string(archive.Files[i].Data)
		if strings.HasPrefix(name, "trust/") {
			got.WriteString(r.trustRow(t, name, document))
		} else {
			got.WriteString(r.groupRow(t, name, document))
		}
	}
	if *update {
		archive.Comment = []byte(got.String())
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(archive.Comment, []byte(got.String())) {
		t.Errorf("%s differs; got\n%s", file, got.String())
	}
}

// trustRow makes a role with a trust policy and lets every source assume it.
func (r *running) trustRow(t *testing.T, name, document string) string {
	t.Helper()
	role := r.role(t, accountA, strings.ReplaceAll(name, "/", "-"), document, "")
	return row(name, func(i int) bool {
		_, err := r.assume(t, r.service(t, sources[i].arn, sources[i].account), role)
		return allowed(t, err)
	})
}

// groupRow makes a resource policy the only one of account A and lets every
// source read a group of account A, named by its ARN.
func (r *running) groupRow(t *testing.T, name, document string) string {
	t.Helper()
	c := cwl.NewFromConfig(r.config(r.admins[accountA]))
	_, err := c.PutResourcePolicy(t.Context(), &cwl.PutResourcePolicyInput{PolicyName: aws.String("p"), PolicyDocument: &document})
	if err != nil {
		t.Fatal(err)
	}
	return row(name, func(i int) bool {
		c := cwl.NewFromConfig(r.service(t, sources[i].arn, sources[i].account))
		_, err := c.FilterLogEvents(t.Context(), &cwl.FilterLogEventsInput{LogGroupIdentifier: aws.String(arn.LogGroup(region, accountA, "mail"))})
		return allowed(t, err)
	})
}

// row is a line of the table: whom the policy lets in.
func row(name string, ask func(source int) bool) string {
	line := fmt.Sprintf("%-28s", name)
	for i, s := range sources {
		outcome := "-"
		if ask(i) {
			outcome = "in"
		}
		line += fmt.Sprintf(" %s:%-2s", s.name, outcome)
	}
	return strings.TrimRight(line, " ") + "\n"
}

// TestAnotherAccountsOrganization configures, as another account's
// administrator, event logging into this account: every way is refused.
func TestAnotherAccountsOrganization(t *testing.T) {
	r := runServer(t)
	trusting := r.role(t, accountA, "workmail-trusting", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}`)
	groupA := arn.LogGroup(region, accountA, "mail") + ":*"
	for _, account := range []string{accountA, accountB} {
		c := cwl.NewFromConfig(r.config(r.admins[account]))
		if _, err := c.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("mail")}); err != nil {
			t.Fatal(err)
		}
	}
	c := workmail.NewFromConfig(r.config(r.admins[accountB]))
	org, err := c.CreateOrganization(t.Context(), &workmail.CreateOrganizationInput{Alias: aws.String("other")})
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct{ name, group, role, code, text string }{
		{"role of another account", groupA, trusting, "AccessDeniedException", "is not authorized to perform: iam:PassRole on resource: " + trusting},
		{"role of another account, own group", arn.LogGroup(region, accountB, "mail") + ":*", trusting, "AccessDeniedException", "iam:PassRole"},
		{"group of another account", groupA, "", "InvalidParameterException", "must be in the same account"},
		{"group that another account has not", arn.LogGroup(region, accountA, "none") + ":*", "", "InvalidParameterException", "must be in the same account"},
	} {
		in := &workmail.PutEmailMonitoringConfigurationInput{OrganizationId: org.OrganizationId, LogGroupArn: aws.String(try.group)}
		if try.role != "" {
			in.RoleArn = aws.String(try.role)
		}
		_, err := c.PutEmailMonitoringConfiguration(t.Context(), in)
		wantAPIError(t, try.name, err, try.code, try.text)
	}
	// Its service principal gets nowhere either.
	source := arn.Organization(region, accountB, *org.OrganizationId)
	_, err = r.assume(t, r.service(t, source, accountB), trusting)
	wantAPIError(t, "assume", err, "AccessDenied", "User: events.workmail.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: "+trusting)
}

// TestPolicyWarnings writes policies that can never be meant: the answer says so
// in a header, and keeps silent about good ones.
func TestPolicyWarnings(t *testing.T) {
	r := runServer(t)
	var header http.Header
	keep := func(stack *smithymiddleware.Stack) error {
		return stack.Deserialize.Add(keepHeader(&header), smithymiddleware.Before)
	}
	cfg := r.config(r.admins[accountA])
	cfg.APIOptions = append(cfg.APIOptions, keep)
	l, i := cwl.NewFromConfig(cfg), awsiam.NewFromConfig(cfg)
	const warning = "statement 0 never applies: aws:SourceArn demands account 111122223333 and aws:SourceAccount demands 444455556666, but a request has the same account in both"
	statement := func(account, more string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},` + more + `"Condition":{` +
			`"ArnLike":{"aws:SourceArn":"arn:aws:workmail:*:111122223333:organization/*"},"StringEquals":{"aws:SourceAccount":"` + account + `"}}}]}`
	}
	trust, resource := `"Action":"sts:AssumeRole",`, `"Action":"logs:PutLogEvents","Resource":"*",`
	for _, c := range []struct {
		name  string
		write func(account string) error
	}{
		{"CreateRole", func(account string) error {
			_, err := i.CreateRole(t.Context(), &awsiam.CreateRoleInput{RoleName: aws.String("r" + account), AssumeRolePolicyDocument: aws.String(statement(account, trust))})
			return err
		}},
		{"UpdateAssumeRolePolicy", func(account string) error {
			_, err := i.UpdateAssumeRolePolicy(t.Context(), &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r" + account), PolicyDocument: aws.String(statement(account, trust))})
			return err
		}},
		{"PutResourcePolicy", func(account string) error {
			_, err := l.PutResourcePolicy(t.Context(), &cwl.PutResourcePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(statement(account, resource))})
			return err
		}},
	} {
		for account, want := range map[string][]string{accountA: nil, accountB: {warning}} {
			header = nil
			if err := c.write(account); err != nil {
				t.Fatal(err)
			}
			if got := header.Values(api.WarningHeader); !slices.Equal(got, want) {
				t.Errorf("%s for %s: warnings %q, want %q", c.name, account, got, want)
			}
		}
	}
	// A role of such a policy is refused as a destination, with the warning.
	w := workmail.NewFromConfig(r.config(r.admins[accountA]))
	org, err := w.CreateOrganization(t.Context(), &workmail.CreateOrganizationInput{Alias: aws.String("example")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateLogGroup(t.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("mail")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.PutEmailMonitoringConfiguration(t.Context(), &workmail.PutEmailMonitoringConfigurationInput{OrganizationId: org.OrganizationId,
		LogGroupArn: aws.String(arn.LogGroup(region, accountA, "mail") + ":*"), RoleArn: aws.String("arn:aws:iam::" + accountA + ":role/r" + accountB)})
	wantAPIError(t, "configure", err, "InvalidParameterException", warning)
}

// keepHeader keeps the headers of the last answer.
func keepHeader(h *http.Header) smithymiddleware.DeserializeMiddleware {
	return smithymiddleware.DeserializeMiddlewareFunc("keep header", func(ctx context.Context, in smithymiddleware.DeserializeInput, next smithymiddleware.DeserializeHandler) (
		smithymiddleware.DeserializeOutput, smithymiddleware.Metadata, error) {
		out, m, err := next.HandleDeserialize(ctx, in)
		if raw, ok := middleware.GetRawResponse(m).(*smithyhttp.Response); ok {
			*h = raw.Header
		}
		return out, m, err
	})
}
