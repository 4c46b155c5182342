package iamapi_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the expected outcomes of testdata anew")

// simulation is a line of testdata/simulate.txt: words of the form name=value.
type simulation struct {
	input     sdk.SimulateCustomPolicyInput
	principal string
}

func readSimulation(t *testing.T, line string, documents map[string]string) simulation {
	t.Helper()
	var s simulation
	for _, word := range strings.Fields(line)[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "actions":
			s.input.ActionNames = strings.Split(value, ",")
		case "resources":
			s.input.ResourceArns = strings.Split(value, ",")
		case "policies":
			for _, name := range strings.Split(value, ",") {
				s.input.PolicyInputList = append(s.input.PolicyInputList, documents[name])
			}
		case "boundary":
			s.input.PermissionsBoundaryPolicyInputList = append(s.input.PermissionsBoundaryPolicyInputList, documents[value])
		case "resource-policy":
			s.input.ResourcePolicy = aws.String(documents[value])
		case "owner":
			s.input.ResourceOwner = &value
		case "caller":
			s.input.CallerArn = &value
		case "principal":
			s.principal = value
		default:
			kind := types.ContextKeyTypeEnumString
			values := strings.Split(value, ",")
			if len(values) > 1 {
				kind = types.ContextKeyTypeEnumStringList
			}
			s.input.ContextEntries = append(s.input.ContextEntries, types.ContextEntry{ContextKeyName: &name, ContextKeyValues: values, ContextKeyType: kind})
		}
	}
	return s
}

// ask runs the simulation over the wire.
func (s *simulation) ask(t *testing.T, c *sdk.Client) ([]types.EvaluationResult, error) {
	t.Helper()
	in := &s.input
	if s.principal == "" {
		out, err := c.SimulateCustomPolicy(t.Context(), in)
		if err != nil {
			return nil, err
		}
		return out.EvaluationResults, nil
	}
	out, err := c.SimulatePrincipalPolicy(t.Context(), &sdk.SimulatePrincipalPolicyInput{
		PolicySourceArn: &s.principal, ActionNames: in.ActionNames, ResourceArns: in.ResourceArns, PolicyInputList: in.PolicyInputList,
		PermissionsBoundaryPolicyInputList: in.PermissionsBoundaryPolicyInputList, ResourcePolicy: in.ResourcePolicy,
		ResourceOwner: in.ResourceOwner, CallerArn: in.CallerArn, ContextEntries: in.ContextEntries,
	})
	if err != nil {
		return nil, err
	}
	return out.EvaluationResults, nil
}

func showStatements(list []types.Statement, missing []string, details map[string]types.PolicyEvaluationDecisionType, boundary *types.PermissionsBoundaryDecisionDetail) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, " [%s %s %d:%d-%d:%d]", *s.SourcePolicyId, s.SourcePolicyType,
			s.StartPosition.Line, s.StartPosition.Column, s.EndPosition.Line, s.EndPosition.Column)
	}
	if len(missing) > 0 {
		fmt.Fprintf(&b, " missing %s", strings.Join(missing, ","))
	}
	if boundary != nil {
		fmt.Fprintf(&b, " boundary %v", boundary.AllowedByPermissionsBoundary)
	}
	var kinds []string
	for k, v := range details {
		kinds = append(kinds, fmt.Sprintf("%s: %s", k, v))
	}
	slices.Sort(kinds)
	if len(kinds) > 0 {
		fmt.Fprintf(&b, " {%s}", strings.Join(kinds, ", "))
	}
	return b.String()
}

func showResult(r types.EvaluationResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\t%s on %s: %s%s\n", *r.EvalActionName, *r.EvalResourceName, r.EvalDecision,
		showStatements(r.MatchedStatements, r.MissingContextValues, r.EvalDecisionDetails, r.PermissionsBoundaryDecisionDetail))
	for _, one := range r.ResourceSpecificResults {
		fmt.Fprintf(&b, "\t\t%s: %s%s\n", *one.EvalResourceName, one.EvalResourceDecision,
			showStatements(one.MatchedStatements, one.MissingContextValues, one.EvalDecisionDetails, one.PermissionsBoundaryDecisionDetail))
	}
	return b.String()
}

// runSimulations runs the lines of a file and compares the outcomes, which are
// the indented lines after each.
func runSimulations(t *testing.T, c *sdk.Client, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	must(t, err)
	documents := map[string]string{}
	for _, f := range archive.Files {
		documents[f.Name] = string(f.Data)
	}
	var got strings.Builder
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "\t") {
			continue
		}
		got.WriteString(line + "\n")
		if !strings.HasPrefix(line, "simulate ") {
			continue
		}
		s := readSimulation(t, line, documents)
		results, err := s.ask(t, c)
		if err != nil {
			var e smithy.APIError
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			got.WriteString("\t" + e.ErrorCode() + ": " + e.ErrorMessage() + "\n")
		}
		for _, r := range results {
			got.WriteString(showResult(r))
		}
	}
	if *update {
		archive.Comment = []byte(got.String())
		must(t, os.WriteFile(file, txtar.Format(archive), 0o644))
		return
	}
	if !bytes.Equal(archive.Comment, []byte(got.String())) {
		t.Errorf("%s differs; got\n%s", file, got.String())
	}
}

func TestSimulateCustomPolicy(t *testing.T) {
	runSimulations(t, newServer(t).administer(), "testdata/simulate-custom.txt")
}

func TestSimulationPages(t *testing.T) {
	c := newServer(t).administer()
	in := &sdk.SimulateCustomPolicyInput{MaxItems: aws.Int32(2),
		PolicyInputList: []string{`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`}}
	for i := range 5 {
		in.ActionNames = append(in.ActionNames, fmt.Sprint("logs:Action", i))
	}
	var names, pages []string
	for p := sdk.NewSimulateCustomPolicyPaginator(c, in); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		must(t, err)
		for _, r := range out.EvaluationResults {
			names = append(names, *r.EvalActionName)
		}
		pages = append(pages, fmt.Sprint(len(out.EvaluationResults), out.IsTruncated))
	}
	if !slices.Equal(names, in.ActionNames) || !slices.Equal(pages, []string{"2 true", "2 true", "1 false"}) {
		t.Errorf("actions %q in pages %q", names, pages)
	}
}

// A simulation that would take long ends its page early, not the server's patience.
func TestSimulationPagesAreBounded(t *testing.T) {
	c := newServer(t).administer()
	hostile := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:` + strings.Repeat("*"+strings.Repeat("a?", 500), 60) + `b"}}`
	in := &sdk.SimulateCustomPolicyInput{PolicyInputList: []string{hostile}}
	for i := range 500 {
		in.ResourceArns = append(in.ResourceArns, fmt.Sprintf("arn:aws:logs:us-east-1:111122223333:%d%s", i, strings.Repeat("a", 1500)))
	}
	for i := range 10 {
		in.ActionNames = append(in.ActionNames, fmt.Sprint("logs:Action", i))
	}
	out, err := c.SimulateCustomPolicy(t.Context(), in)
	must(t, err)
	if n := len(out.EvaluationResults); n == 0 || n == len(in.ActionNames) || !out.IsTruncated || out.Marker == nil {
		t.Errorf("%d results, truncated %v", n, out.IsTruncated)
	}
}

// What is not simulated is refused, not left out.
func TestSimulationRefusesWhatItCannot(t *testing.T) {
	c := newServer(t).administer()
	_, err := c.SimulatePrincipalPolicy(t.Context(), &sdk.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::" + account + ":user/administrator"),
		ActionNames:         []string{"logs:GetLogEvents"},
		PolicyExclusionList: []types.PolicyIdentifier{&types.PolicyIdentifierMemberPolicyArn{Value: "arn:aws:iam::aws:policy/AdministratorAccess"}}})
	wantError(t, err, 400, "InvalidInput", "PolicyExclusionList is not supported.")
	_, err = c.SimulateCustomPolicy(t.Context(), &sdk.SimulateCustomPolicyInput{PolicyInputList: []string{"{}"}, ActionNames: []string{"ec2:RunInstances"},
		ResourceHandlingOption: aws.String("EC2-VPC-EBS")})
	wantError(t, err, 400, "InvalidInput", `ResourceHandlingOption "EC2-VPC-EBS" is not supported.`)
	_, err = c.SimulateCustomPolicy(t.Context(), &sdk.SimulateCustomPolicyInput{PolicyInputList: []string{"{}"}, ActionNames: []string{"logs:GetLogEvents"},
		ContextEntries: []types.ContextEntry{{ContextKeyName: aws.String("k"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"a", "b"}}}})
	wantError(t, err, 400, "InvalidInput", `Invalid context entry: "k" with 2 values of type "string".`)
}

func TestContextKeysForCustomPolicy(t *testing.T) {
	c := newServer(t).administer()
	out, err := c.GetContextKeysForCustomPolicy(t.Context(), &sdk.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:*:*:log-group:${aws:username}*",
			"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"AWS:SourceIP":"x","aws:PrincipalTag/team":"${aws:ResourceTag/team}"}}}}`,
	}})
	must(t, err)
	if want := []string{"aws:PrincipalTag/team", "aws:ResourceTag/team", "aws:SourceIp", "aws:username"}; !slices.Equal(out.ContextKeyNames, want) {
		t.Errorf("keys %q", out.ContextKeyNames)
	}
	_, err = c.GetContextKeysForCustomPolicy(t.Context(), &sdk.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{"{}"}})
	wantError(t, err, 400, "InvalidInput", "PolicyInputList.1: Syntax errors in policy.")
}
