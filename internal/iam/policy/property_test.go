package policy

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// The pools are small so that statements and requests often meet.
var (
	poolActions    = []string{"*", "logs:*", "logs:Put*", "logs:PutLogEvents", "logs:Get?ogEvents", "sts:AssumeRole", "iam:*"}
	poolResources  = []string{"*", "arn:aws:logs:*", "arn:aws:logs:*:*:log-group:a*", "arn:aws:logs:us-east-1:111122223333:log-group:${aws:username}"}
	poolPrincipals = []string{"*", "111122223333", "444455556666", "arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:role/r",
		"arn:aws:sts::111122223333:assumed-role/r/s", "service"}
	poolConditions = []string{
		`{"StringEquals": {"aws:username": "ann"}}`, `{"StringNotLike": {"aws:username": "a*"}}`,
		`{"ForAllValues:StringEquals": {"aws:TagKeys": ["x", "y"]}}`, `{"Null": {"aws:username": "true"}}`,
		`{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`, `{"ArnLikeIfExists": {"aws:SourceArn": "arn:aws:workmail:*:111122223333:*"}}`,
	}
	poolSubjects = []Subject{
		{Account: "111122223333", ARNs: []string{"arn:aws:iam::111122223333:user/ann"}},
		{Account: "111122223333", ARNs: []string{"arn:aws:sts::111122223333:assumed-role/r/s", "arn:aws:iam::111122223333:role/r"}},
		{Account: "444455556666", ARNs: []string{"arn:aws:iam::444455556666:user/far"}},
		{Account: "111122223333", ARNs: []string{"arn:aws:iam::111122223333:root"}},
		{Service: "events.workmail.amazonaws.com"},
		{Anonymous: true},
	}
)

type statementJSON struct {
	Effect       string
	Principal    any             `json:",omitempty"`
	NotPrincipal any             `json:",omitempty"`
	Action       string          `json:",omitempty"`
	NotAction    string          `json:",omitempty"`
	Resource     string          `json:",omitempty"`
	NotResource  string          `json:",omitempty"`
	Condition    json.RawMessage `json:",omitempty"`
}

func drawStatement(t *rapid.T, kind Kind, effect string) statementJSON {
	s := statementJSON{Effect: effect}
	if rapid.IntRange(0, 4).Draw(t, "notAction") == 0 {
		s.NotAction = rapid.SampledFrom(poolActions).Draw(t, "action")
	} else {
		s.Action = rapid.SampledFrom(poolActions).Draw(t, "action")
	}
	if rapid.IntRange(0, 4).Draw(t, "notResource") == 0 {
		s.NotResource = rapid.SampledFrom(poolResources).Draw(t, "resource")
	} else {
		s.Resource = rapid.SampledFrom(poolResources).Draw(t, "resource")
	}
	if rapid.Bool().Draw(t, "conditional") {
		s.Condition = json.RawMessage(rapid.SampledFrom(poolConditions).Draw(t, "condition"))
	}
	if kind == Resource {
		var p any = map[string]string{"AWS": rapid.SampledFrom(poolPrincipals).Draw(t, "principal")}
		if p.(map[string]string)["AWS"] == "service" {
			p = map[string]string{"Service": "events.workmail.amazonaws.com"}
		}
		if effect == "Deny" && rapid.IntRange(0, 4).Draw(t, "notPrincipal") == 0 {
			s.NotPrincipal = p
		} else {
			s.Principal = p
		}
	}
	return s
}

func drawStatements(t *rapid.T, kind Kind) []statementJSON {
	var out []statementJSON
	for range rapid.IntRange(1, 4).Draw(t, "statements") {
		effect := rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect")
		out = append(out, drawStatement(t, kind, effect))
	}
	return out
}

func build(t *rapid.T, kind Kind, sts []statementJSON) Named {
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": sts})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(kind, doc)
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return Named{Name: string(doc), Document: d}
}

func drawList(t *rapid.T, kind Kind, most int) [][]statementJSON {
	var out [][]statementJSON
	for range rapid.IntRange(0, most).Draw(t, "documents") {
		out = append(out, drawStatements(t, kind))
	}
	return out
}

func buildList(t *rapid.T, kind Kind, list [][]statementJSON) []Named {
	var out []Named
	for _, sts := range list {
		out = append(out, build(t, kind, sts))
	}
	return out
}

func drawRequest(t *rapid.T) *Request {
	r := &Request{
		Action:   rapid.SampledFrom([]string{"logs:PutLogEvents", "logs:GetLogEvents", "sts:AssumeRole"}).Draw(t, "ask"),
		Resource: rapid.SampledFrom([]string{"*", "arn:aws:logs:us-east-1:111122223333:log-group:ann", "arn:aws:logs:us-east-1:111122223333:log-group:b"}).Draw(t, "on"),
		Subject:  rapid.SampledFrom(poolSubjects).Draw(t, "subject"),
		Context:  Context{},
	}
	for key, values := range map[string][]string{
		"aws:username": {"ann", "bob", ""}, "aws:tagkeys": {"x", "z"}, "aws:sourceip": {"203.0.113.1", "198.51.100.1"},
		"aws:sourcearn": {"arn:aws:workmail:us-east-1:111122223333:organization/m", "arn:aws:workmail:us-east-1:444455556666:organization/m"},
	} {
		if v := rapid.SampledFrom(append(values, "absent")).Draw(t, key); v != "absent" {
			r.Context[key] = []string{v}
		}
	}
	return r
}

// plan is a Set before its documents are parsed.
type plan struct {
	identity, boundary, session, resource [][]statementJSON
	hasBoundary, hasSession               bool
	required, root                        bool
	owner                                 string
}

func drawPlan(t *rapid.T) *plan {
	return &plan{
		identity: drawList(t, Identity, 2), boundary: drawList(t, Identity, 1), session: drawList(t, Identity, 2), resource: drawList(t, Resource, 2),
		hasBoundary: rapid.Bool().Draw(t, "hasBoundary"), hasSession: rapid.Bool().Draw(t, "hasSession"),
		required: rapid.Bool().Draw(t, "required"), root: rapid.IntRange(0, 5).Draw(t, "root") == 0,
		owner: rapid.SampledFrom([]string{"", "111122223333", "444455556666"}).Draw(t, "owner"),
	}
}

func (p *plan) set(t *rapid.T) *Set {
	return &Set{
		Identity: buildList(t, Identity, p.identity), Boundary: buildList(t, Identity, p.boundary),
		Session: buildList(t, Identity, p.session), Resource: buildList(t, Resource, p.resource),
		HasBoundary: p.hasBoundary, HasSession: p.hasSession,
		ResourceRequired: p.required, RootOfAccount: p.root, ResourceAccount: p.owner,
	}
}

func permute(t *rapid.T, lists ...[][]statementJSON) {
	for _, list := range lists {
		for i := range list {
			list[i] = rapid.Permutation(list[i]).Draw(t, "order")
		}
		copy(list, rapid.Permutation(list).Draw(t, "documents' order"))
	}
}

func TestOrderIsIrrelevant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawPlan(t), drawRequest(t)
		before := Evaluate(r, p.set(t))
		permute(t, p.identity, p.boundary, p.session, p.resource)
		if after := Evaluate(r, p.set(t)); after.Effect != before.Effect {
			t.Fatalf("before %+v\nafter %+v", before, after)
		}
	})
}

// neverWidens checks that what change does to a set allows nothing new.
func neverWidens(t *testing.T, change func(*rapid.T, *plan)) {
	allowed := 0
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawPlan(t), drawRequest(t)
		before := Evaluate(r, p.set(t))
		change(t, p)
		after := Evaluate(r, p.set(t))
		if after.Allowed() && !before.Allowed() {
			t.Fatalf("before %+v\nafter %+v", before, after)
		}
		if before.Allowed() {
			allowed++
		}
	})
	if allowed == 0 {
		t.Error("no request was allowed before the change, so nothing was shown")
	}
}

func TestDenyNeverWidens(t *testing.T) {
	neverWidens(t, func(t *rapid.T, p *plan) {
		switch rapid.IntRange(0, 3).Draw(t, "where") {
		case 0:
			p.identity = append(p.identity, []statementJSON{drawStatement(t, Identity, "Deny")})
		case 1:
			p.boundary = append(p.boundary, []statementJSON{drawStatement(t, Identity, "Deny")})
		case 2:
			p.session = append(p.session, []statementJSON{drawStatement(t, Identity, "Deny")})
		case 3:
			p.resource = append(p.resource, []statementJSON{drawStatement(t, Resource, "Deny")})
		}
	})
}

func TestSessionPolicyNeverWidens(t *testing.T) {
	neverWidens(t, func(t *rapid.T, p *plan) {
		if !p.hasSession {
			p.session = drawList(t, Identity, 2)
			p.hasSession = true
		}
	})
}

func TestBoundaryNeverWidens(t *testing.T) {
	neverWidens(t, func(t *rapid.T, p *plan) {
		if !p.hasBoundary {
			p.boundary = drawList(t, Identity, 1)
			p.hasBoundary = true
		}
	})
}

func TestRequiringResourcePolicyNeverWidens(t *testing.T) {
	neverWidens(t, func(_ *rapid.T, p *plan) { p.required = true })
}

// TestDecisionNamesItsStatement checks the deciding statement against the text it came from.
func TestDecisionNamesItsStatement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawPlan(t), drawRequest(t)
		d := Evaluate(r, p.set(t))
		if d.Reason == "" {
			t.Fatalf("no reason: %+v", d)
		}
		if d.Statement < 0 {
			if d.Effect == ExplicitDeny || d.Policy != "" || d.Effect == Allow && !p.root {
				t.Fatalf("no statement: %+v", d)
			}
			return
		}
		var doc struct{ Statement []statementJSON }
		if err := json.Unmarshal([]byte(d.Policy), &doc); err != nil {
			t.Fatal(err)
		}
		want := map[Effect]string{Allow: "Allow", ExplicitDeny: "Deny"}[d.Effect]
		if got := doc.Statement[d.Statement].Effect; got != want {
			t.Fatalf("%+v names a statement with effect %s", d, got)
		}
	})
}

// TestGlobAgainstPlain compares glob with the obvious recursive definition.
func TestGlobAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?é")), 0, 8, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abé")), 0, 10, -1).Draw(t, "text")
		tpl := newTemplate(pattern, grammar{wildcards: true})
		if got, want := tpl.fixed.matches(s), plainMatch([]rune(pattern), []rune(s)); got != want {
			t.Fatalf("%q against %q: got %v, want %v", pattern, s, got, want)
		}
	})
}

func plainMatch(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return plainMatch(p[1:], s) || len(s) > 0 && plainMatch(p, s[1:])
	case len(s) == 0:
		return false
	}
	return (p[0] == '?' || p[0] == s[0]) && plainMatch(p[1:], s[1:])
}

func BenchmarkEvaluate(b *testing.B) {
	set := &Set{}
	for i := range 10 {
		var sts []statementJSON
		for j := range 20 {
			sts = append(sts, statementJSON{Effect: "Allow", Action: fmt.Sprintf("logs:Put%d*", j),
				Resource:  fmt.Sprintf("arn:aws:logs:*:111122223333:log-group:g-%d-%d*", i, j),
				Condition: json.RawMessage(`{"ArnLike": {"aws:SourceArn": "arn:aws:workmail:*:111122223333:organization/*"}}`)})
		}
		sts[19] = statementJSON{Effect: "Allow", Action: "logs:PutLogEvents", Resource: fmt.Sprintf("arn:aws:logs:*:111122223333:log-group:g-%d-*", i), Condition: sts[0].Condition}
		sts[18] = statementJSON{Effect: "Deny", Action: "logs:*", Resource: "arn:aws:logs:*:*:log-group:secret*"}
		doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": sts})
		if err != nil {
			b.Fatal(err)
		}
		set.Identity = append(set.Identity, Named{Name: fmt.Sprint("p", i), Document: mustParse(b, Identity, string(doc))})
	}
	r := &Request{Action: "logs:PutLogEvents", Resource: "arn:aws:logs:us-east-1:111122223333:log-group:g-9-mail:log-stream:s",
		Subject: Subject{Account: "111122223333", ARNs: []string{"arn:aws:iam::111122223333:user/ann"}},
		Context: Context{"aws:sourcearn": {"arn:aws:workmail:us-east-1:111122223333:organization/m-1"}}}
	b.ReportAllocs()
	for b.Loop() {
		if d := Evaluate(r, set); !d.Allowed() || d.Policy != "p9" {
			b.Fatalf("%+v", d)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	doc := []byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
  "Resource": "arn:aws:logs:us-east-1:111122223333:log-group:workmail-monitoring*"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(Identity, doc); err != nil {
			b.Fatal(err)
		}
	}
}
