package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"waybill/internal/awserr"
)

func archive(t testing.TB, file string) []txtar.File {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil || len(ar.Files) == 0 {
		t.Fatalf("%s: %d files, %v", file, len(ar.Files), err)
	}
	return ar.Files
}

func TestParseRefuses(t *testing.T) {
	for _, f := range archive(t, "testdata/malformed.txtar") {
		want, doc, _ := strings.Cut(string(f.Data), "\n")
		_, err := Parse(kindOf(t, f.Name), []byte(doc))
		var e *awserr.Error
		if !errors.As(err, &e) || e.Code != CodeMalformed || e.Message != want {
			t.Errorf("%s: got %v\nwant %s", f.Name, err, want)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	for _, f := range archive(t, "testdata/accepted.txtar") {
		d, err := Parse(kindOf(t, f.Name), f.Data)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		} else if d.Kind() != kindOf(t, f.Name) || d.Len() == 0 {
			t.Errorf("%s: kind %v, %d statements", f.Name, d.Kind(), d.Len())
		}
	}
}

func TestParseSize(t *testing.T) {
	doc := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}}`
	full := doc + strings.Repeat(" ", MaxSize-len(doc))
	if _, err := Parse(Identity, []byte(full)); err != nil {
		t.Errorf("%d bytes: %v", len(full), err)
	}
	if _, err := Parse(Identity, []byte(full+" ")); !awserr.HasCode(err, CodeMalformed) {
		t.Errorf("%d bytes: %v", len(full)+1, err)
	}
}

// TestParseErrorsAreOwned changes one error and looks at the next: a caller may
// add a cause or a status to what it got.
func TestParseErrorsAreOwned(t *testing.T) {
	_, err := Parse(Identity, []byte(`{}`))
	var e *awserr.Error
	errors.As(err, &e)
	e.Message = "changed"
	if _, err := Parse(Identity, []byte(`{}`)); strings.Contains(err.Error(), "changed") {
		t.Errorf("the error is shared: %v", err)
	}
}

func TestWarnings(t *testing.T) {
	for _, f := range archive(t, "testdata/warnings.txtar") {
		var want []string
		doc := string(f.Data)
		for !strings.HasPrefix(doc, "{") {
			var line string
			line, doc, _ = strings.Cut(doc, "\n")
			want = append(want, line)
		}
		if got := Warnings(mustParse(t, kindOf(t, f.Name), doc)); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", f.Name, got, want)
		}
	}
}

func TestContextKeys(t *testing.T) {
	d := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "a:b", "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/${*}",
		 "Condition": {"StringLike": {"aws:UserAgent": "${aws:username}*"}, "NumericEquals": {"n:Max": "1"}}},
		{"Effect": "Deny", "Action": "a:b", "Resource": "*", "Condition": {"StringEquals": {"AWS:useragent": "x"}}}]}`)
	want := []string{"aws:PrincipalTag/team", "aws:UserAgent", "aws:username", "n:Max"}
	if got := d.ContextKeys(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSpans checks where statements stand, as recorded from AWS: the first
// begins right after the bracket, each ends right after its brace.
func TestSpans(t *testing.T) {
	// The layout of AWS's own AdministratorAccess, for which the simulator says 3:17 to 8:6.
	d := mustParse(t, Identity, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n"+
		"      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}")
	if begin, end := d.Span(0); begin != (Position{3, 17}) || end != (Position{8, 6}) {
		t.Errorf("from %v to %v", begin, end)
	}
	d = mustParse(t, Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::é"},`+
		`{"Effect":"Deny","Action":"a:b","Resource":"*"}]}`)
	first, end := d.Span(0)
	second, last := d.Span(1)
	if first != (Position{1, 38}) || end != (Position{1, 99}) || second != end || last != (Position{1, 147}) {
		t.Errorf("from %v to %v, from %v to %v", first, end, second, last)
	}
	d = mustParse(t, Identity, `{"Statement" : {"Effect":"Deny","Action":"a:b","Resource":"*"}, "Version":"2012-10-17"}`)
	if begin, end := d.Span(0); begin != (Position{1, 15}) || end != (Position{1, 63}) {
		t.Errorf("from %v to %v", begin, end)
	}
}

// TestReasons holds the sentences that audit and console show.
func TestReasons(t *testing.T) {
	all := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	deny := mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Sid": "Fence", "Effect": "Deny", "Action": "*", "Resource": "*"}}`)
	allow := []Named{{Name: "all", Document: all}}
	const what = "logs:PutLogEvents on arn:aws:logs:us-east-1:111122223333:log-group:g"
	for want, set := range map[string]*Set{
		"no identity-based policy allows " + what:                                        {},
		`identity-based policy "all" allows ` + what:                                     {Identity: allow},
		"an explicit deny in an identity-based policy forbids " + what:                   {Identity: []Named{{Name: "fence", Document: deny}}},
		"an explicit deny in a permissions boundary forbids " + what:                     {HasBoundary: true, Boundary: []Named{{Name: "fence", Document: deny}}},
		"an explicit deny in a session policy forbids " + what:                           {HasSession: true, Session: []Named{{Name: "fence", Document: deny}}},
		"no permissions boundary allows " + what:                                         {Identity: allow, HasBoundary: true},
		"no session policy allows " + what:                                               {Identity: allow, HasSession: true},
		"no role trust policy allows " + what:                                            {Identity: allow, ResourceRequired: true},
		"the resource is in another account and no resource-based policy allows " + what: {Identity: allow, ResourceAccount: "444455556666"},
		"the caller is the root of its account":                                          {RootOfAccount: true},
	} {
		d := Evaluate(&Request{Action: "logs:PutLogEvents", Resource: "arn:aws:logs:us-east-1:111122223333:log-group:g",
			Subject: Subject{Account: "111122223333", ARNs: []string{"arn:aws:iam::111122223333:user/ann"}}}, set)
		if d.Reason != want {
			t.Errorf("got %q\nwant %q", d.Reason, want)
		}
	}
}

// TestMisplacedDocuments gives each list documents of the wrong kind, and none at all.
func TestMisplacedDocuments(t *testing.T) {
	trust := Named{Name: "trust", Document: mustParse(t, Trust, `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}`)}
	id := Named{Name: "id", Document: mustParse(t, Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)}
	r := &Request{Action: "sts:AssumeRole", Resource: "*", Subject: Subject{Account: "111122223333"}}
	for _, set := range []*Set{
		{Identity: []Named{trust, {Name: "nil"}}},
		{Resource: []Named{id, {Name: "nil"}}},
		{Identity: []Named{id}, HasBoundary: true, Boundary: []Named{trust}},
		{Identity: []Named{id}, HasSession: true, Session: []Named{trust}},
	} {
		if d := Evaluate(r, set); d.Allowed() {
			t.Errorf("%+v: %+v", set, d)
		}
	}
}
