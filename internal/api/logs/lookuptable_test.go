package logsapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"

	"waybill/internal/logs"
)

const tableARN = "arn:aws:logs:" + region + ":" + account + ":lookup-table:"

// makeTable creates a lookup table.
func makeTable(t testing.TB, c *cwl.Client, name, body string) {
	t.Helper()
	_, err := c.CreateLookupTable(t.Context(), &cwl.CreateLookupTableInput{LookupTableName: &name, TableBody: &body})
	must(t, err)
}

func TestLookupTables(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	before := time.Now().UnixMilli()
	body := "address,department\nanna@example.com,Sales\nben@example.com,\"R, D\"\n"
	made, err := c.CreateLookupTable(ctx, &cwl.CreateLookupTableInput{LookupTableName: aws.String("people"), TableBody: &body,
		Description: aws.String("who is where"), KmsKeyId: aws.String("arn:aws:kms:us-east-1:" + account + ":key/k"), Tags: map[string]string{"team": "mail"}})
	must(t, err)
	if *made.LookupTableArn != tableARN+"people" || *made.CreatedAt < before {
		t.Errorf("made %s at %d", *made.LookupTableArn, *made.CreatedAt)
	}
	got, err := c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: made.LookupTableArn})
	must(t, err)
	if *got.TableBody != body || *got.LookupTableName != "people" || *got.SizeBytes != int64(len(body)) || *got.Description != "who is where" || *got.KmsKeyId == "" {
		t.Errorf("got %+v", got)
	}
	updated, err := c.UpdateLookupTable(ctx, &cwl.UpdateLookupTableInput{LookupTableArn: made.LookupTableArn, TableBody: aws.String("address\nanna@example.com\n"), KmsKeyId: aws.String("")})
	must(t, err)
	list, err := c.DescribeLookupTables(ctx, &cwl.DescribeLookupTablesInput{LookupTableNamePrefix: aws.String("peo")})
	must(t, err)
	if len(list.LookupTables) != 1 {
		t.Fatalf("tables %+v", list.LookupTables)
	}
	one := list.LookupTables[0]
	if diff := cmp.Diff([]string{"address"}, one.TableFields); diff != "" || *one.RecordsCount != 1 || one.KmsKeyId != nil || *one.LastUpdatedTime != *updated.LastUpdatedTime || *one.Description != "who is where" {
		t.Errorf("described %+v %s", one, diff)
	}
	_, err = c.DeleteLookupTable(ctx, &cwl.DeleteLookupTableInput{LookupTableArn: made.LookupTableArn})
	must(t, err)
	_, err = c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: made.LookupTableArn})
	wantError(t, err, "ResourceNotFoundException", "The specified lookup table does not exist.")
}

func TestLookupTableRefusals(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	makeTable(t, c, "t", "a\n")
	for _, r := range []struct {
		code, text string
		in         cwl.CreateLookupTableInput
	}{
		{"ResourceAlreadyExistsException", "already exists", cwl.CreateLookupTableInput{LookupTableName: aws.String("t"), TableBody: aws.String("a\n")}},
		{"InvalidParameterException", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9_]+$", cwl.CreateLookupTableInput{LookupTableName: aws.String("a-b"), TableBody: aws.String("a\n")}},
		{"InvalidParameterException", "length less than or equal to 256", cwl.CreateLookupTableInput{LookupTableName: aws.String(strings.Repeat("a", 257)), TableBody: aws.String("a\n")}},
		{"InvalidParameterException", "Exactly one of tableBody and queryId", cwl.CreateLookupTableInput{LookupTableName: aws.String("u")}},
		{"InvalidParameterException", "Exactly one of tableBody and queryId", cwl.CreateLookupTableInput{LookupTableName: aws.String("u"), TableBody: aws.String("a"), QueryId: aws.String("q")}},
		{"InvalidParameterException", "not valid CSV: line 3: a quoted cell that does not end", cwl.CreateLookupTableInput{LookupTableName: aws.String("u"), TableBody: aws.String("a,b\n1,2\n3,\"4\n")}},
		{"InvalidParameterException", "not valid CSV: line 1: there is no header row", cwl.CreateLookupTableInput{LookupTableName: aws.String("u"), TableBody: aws.String("")}},
		{"ResourceNotFoundException", "Query with id q does not exist", cwl.CreateLookupTableInput{LookupTableName: aws.String("u"), QueryId: aws.String("q")}},
	} {
		_, err := c.CreateLookupTable(ctx, &r.in)
		wantError(t, err, r.code, r.text)
	}
	for arn, code := range map[string]string{
		"t": "InvalidParameterException", "arn:aws:logs:us-east-1:" + account + ":log-group:t": "InvalidParameterException",
		tableARN + "a-b": "InvalidParameterException", tableARN + "u": "ResourceNotFoundException",
		"arn:aws:logs:eu-west-1:" + account + ":lookup-table:t": "ResourceNotFoundException",
	} {
		_, err := c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: &arn})
		wantError(t, err, code, "")
		_, err = c.UpdateLookupTable(ctx, &cwl.UpdateLookupTableInput{LookupTableArn: &arn, TableBody: aws.String("a\n")})
		wantError(t, err, code, "")
		_, err = c.DeleteLookupTable(ctx, &cwl.DeleteLookupTableInput{LookupTableArn: &arn})
		wantError(t, err, code, "")
	}
	_, err := c.DescribeLookupTables(ctx, &cwl.DescribeLookupTablesInput{MaxResults: 101})
	wantError(t, err, "InvalidParameterException", "less than or equal to 100")
	_, err = c.DescribeLookupTables(ctx, &cwl.DescribeLookupTablesInput{NextToken: aws.String("!")})
	wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

// TestLargeLookupTable puts and gets the largest table there may be, of letters
// that clients in other languages send as escapes.
func TestLargeLookupTable(t *testing.T) {
	v := newServer(t)
	c := v.admin(t)
	ctx := t.Context()
	row := strings.Repeat("é", 511) + "\n\n" // 1024 bytes
	body := row + strings.Repeat(row, logs.MaxLookupTable/len(row)-1)
	makeTable(t, c, "large", body)
	got, err := c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: aws.String(tableARN + "large")})
	must(t, err)
	if *got.TableBody != body {
		t.Errorf("got %d bytes of %d", len(*got.TableBody), len(body))
	}
	_, err = c.UpdateLookupTable(ctx, &cwl.UpdateLookupTableInput{LookupTableArn: aws.String(tableARN + "large"), TableBody: aws.String(body + "\n")})
	wantError(t, err, "InvalidParameterException", "a lookup table has at most 10485760")
	_, err = c.PutLogEvents(ctx, &cwl.PutLogEventsInput{LogGroupName: &body, LogStreamName: &body, LogEvents: []types.InputLogEvent{}})
	wantError(t, err, "RequestEntityTooLargeException", "")
}

func TestLookupTablePages(t *testing.T) {
	c := newServer(t).admin(t)
	for i := range 5 {
		makeTable(t, c, fmt.Sprintf("t%d", i), "a\n")
	}
	names := ""
	in := &cwl.DescribeLookupTablesInput{MaxResults: 2}
	for more := true; more; more = in.NextToken != nil {
		page, err := c.DescribeLookupTables(t.Context(), in)
		must(t, err)
		for _, table := range page.LookupTables {
			names += " " + *table.LookupTableName
		}
		in.NextToken = page.NextToken
	}
	if names != " t0 t1 t2 t3 t4" {
		t.Errorf("tables%s", names)
	}
}

func TestLookupTablePermissions(t *testing.T) {
	v := newServer(t)
	ctx := t.Context()
	admin := v.admin(t)
	makeTable(t, admin, "mine", "a\n")
	makeTable(t, admin, "other", "a\n")
	c := v.client(t, account, "limited", `{"Effect":"Allow","Action":["logs:GetLookupTable","logs:CreateLookupTable","logs:TagResource"],"Resource":"`+tableARN+`m*"}`)
	_, err := c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: aws.String(tableARN + "mine")})
	must(t, err)
	_, err = c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: aws.String(tableARN + "other")})
	wantError(t, err, "AccessDeniedException", "logs:GetLookupTable on resource: "+tableARN+"other")
	_, err = c.UpdateLookupTable(ctx, &cwl.UpdateLookupTableInput{LookupTableArn: aws.String(tableARN + "mine"), TableBody: aws.String("b\n")})
	wantError(t, err, "AccessDeniedException", "logs:UpdateLookupTable")
	_, err = c.DescribeLookupTables(ctx, &cwl.DescribeLookupTablesInput{})
	wantError(t, err, "AccessDeniedException", "logs:DescribeLookupTables")
	_, err = c.CreateLookupTable(ctx, &cwl.CreateLookupTableInput{LookupTableName: aws.String("more"), TableBody: aws.String("a\n"), Tags: map[string]string{"k": "v"}})
	must(t, err)
	_, err = c.CreateLookupTable(ctx, &cwl.CreateLookupTableInput{LookupTableName: aws.String("m3"), QueryId: aws.String("q")})
	wantError(t, err, "AccessDeniedException", "logs:GetQueryResults")

	untagging := v.client(t, account, "untagging", `{"Effect":"Allow","Action":"logs:CreateLookupTable","Resource":"*"}`)
	_, err = untagging.CreateLookupTable(ctx, &cwl.CreateLookupTableInput{LookupTableName: aws.String("n"), TableBody: aws.String("a\n"), Tags: map[string]string{"k": "v"}})
	wantError(t, err, "AccessDeniedException", "logs:TagResource on resource: "+tableARN+"n")
	keyed := v.client(t, account, "keyed", `{"Effect":"Allow","Action":"logs:CreateLookupTable","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"mail"}}},`+
		`{"Effect":"Allow","Action":"logs:TagResource","Resource":"*"}`)
	_, err = keyed.CreateLookupTable(ctx, &cwl.CreateLookupTableInput{LookupTableName: aws.String("n"), TableBody: aws.String("a\n"), Tags: map[string]string{"team": "web"}})
	wantError(t, err, "AccessDeniedException", "logs:CreateLookupTable")
	_, err = keyed.CreateLookupTable(ctx, &cwl.CreateLookupTableInput{LookupTableName: aws.String("n"), TableBody: aws.String("a\n"), Tags: map[string]string{"team": "mail"}})
	must(t, err)
}

func TestTagLookupTable(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	makeTable(t, c, "t", "a\n")
	arn := aws.String(tableARN + "t")
	_, err := c.TagResource(ctx, &cwl.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}})
	must(t, err)
	_, err = c.UntagResource(ctx, &cwl.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
	must(t, err)
	out, err := c.ListTagsForResource(ctx, &cwl.ListTagsForResourceInput{ResourceArn: arn})
	must(t, err)
	if diff := cmp.Diff(map[string]string{"b": "2"}, out.Tags); diff != "" {
		t.Error(diff)
	}
	_, err = c.ListTagsForResource(ctx, &cwl.ListTagsForResourceInput{ResourceArn: aws.String(tableARN + "none")})
	wantError(t, err, "ResourceNotFoundException", "lookup table")
}

func TestLookupTableOfAQuery(t *testing.T) {
	_, c := mailServer(t)
	ctx := t.Context()
	id := query(t, c, cwl.StartQueryInput{LogGroupName: aws.String("/mail")}, "filter ispresent(event.from) | stats count(*) as n by event.from, event.nothing | sort event.from asc")
	answer(t, c, id)
	_, err := c.CreateLookupTable(ctx, &cwl.CreateLookupTableInput{LookupTableName: aws.String("senders"), QueryId: &id})
	must(t, err)
	got, err := c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: aws.String(tableARN + "senders")})
	must(t, err)
	if want := "event.from,event.nothing,n\nDora@other.test,,1\ncarla@other.test,,2\n"; *got.TableBody != want {
		t.Errorf("body %q, want %q", *got.TableBody, want)
	}
	id = query(t, c, cwl.StartQueryInput{LogGroupName: aws.String("/mail")}, "filter traceId = 'none' | fields traceId, @message")
	answer(t, c, id)
	_, err = c.UpdateLookupTable(ctx, &cwl.UpdateLookupTableInput{LookupTableArn: aws.String(tableARN + "senders"), QueryId: &id})
	must(t, err)
	got, err = c.GetLookupTable(ctx, &cwl.GetLookupTableInput{LookupTableArn: aws.String(tableARN + "senders")})
	must(t, err)
	if want := "traceId,@message\n"; *got.TableBody != want {
		t.Errorf("body %q, want %q", *got.TableBody, want)
	}
}

// TestLookupInAQuery enriches events with a table, which takes the permission to
// read the table.
func TestLookupInAQuery(t *testing.T) {
	v, c := mailServer(t)
	makeTable(t, c, "people", "address,department\ncarla@other.test,Sales\n")
	text := "lookup people address as event.from OUTPUT department | filter department = 'Sales' | stats count(*) as n by department"
	group := cwl.StartQueryInput{LogGroupName: aws.String("/mail")}
	if got := table(answer(t, c, query(t, c, group, text))); got != "department=Sales n=2\n" {
		t.Errorf("rows %s", got)
	}
	start := func(c *cwl.Client, text string) error {
		_, err := c.StartQuery(t.Context(), &cwl.StartQueryInput{LogGroupName: aws.String("/mail"), QueryString: &text, StartTime: aws.Int64(1), EndTime: aws.Int64(2)})
		return err
	}
	wantError(t, start(c, "lookup nobody a OUTPUT b"), "MalformedQueryException", "there is no lookup table nobody at line 1 and position 7")

	limited := v.client(t, account, "limited", `{"Effect":"Allow","Action":"logs:StartQuery","Resource":"*"}`)
	refused := "logs:GetLookupTable on resource: " + tableARN
	wantError(t, start(limited, text), "AccessDeniedException", refused+"people")
	wantError(t, start(limited, "lookup nobody a OUTPUT b"), "AccessDeniedException", refused+"nobody")
	wantError(t, start(limited, "filter event.from in (cidrlookup nets a OUTPUT b | fields b)"), "AccessDeniedException", refused+"nets")
	permitted := v.client(t, account, "permitted", `{"Effect":"Allow","Action":"logs:StartQuery","Resource":"*"},{"Effect":"Allow","Action":"logs:GetLookupTable","Resource":"`+tableARN+`people"}`)
	must(t, start(permitted, text))
	elsewhere := v.client(t, other, "elsewhere", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	id := "arn:aws:logs:" + region + ":" + account + ":log-group:/mail"
	_, err := elsewhere.StartQuery(t.Context(), &cwl.StartQueryInput{LogGroupIdentifiers: []string{id}, QueryString: &text, StartTime: aws.Int64(1), EndTime: aws.Int64(2)})
	wantError(t, err, "AccessDeniedException", "logs:StartQuery") // the group is another account's
}
