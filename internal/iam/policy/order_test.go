package policy

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// marks are how testdata/order.txt shows what decided.
var marks = map[Source]string{SourceNone: "root", SourceIdentity: "I", SourceBoundary: "B", SourceSession: "S", SourceResource: "R", SourceTrust: "T"}

// state is a list of policies in one of the states that the order depends on.
type state struct {
	name    string
	present bool
	list    []Named
}

// TestEvaluationOrder holds the outcome of every combination of what the
// policies around a call say: testdata/order.txt, for reading beside the guide's
// "Policy evaluation logic".
func TestEvaluationOrder(t *testing.T) {
	const file = "testdata/order.txt"
	got := orderTable(t)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs: run with -update and read the difference", file)
	}
}

func orderTable(t *testing.T) string {
	identity := func(effect string) []Named {
		return []Named{{Name: effect, Document: mustParse(t, Identity, `{"Version":"2012-10-17","Statement":{"Effect":"`+effect+`","Action":"*","Resource":"*"}}`)}}
	}
	resource := func(effect, principal string) []Named {
		return []Named{{Name: principal, Document: mustParse(t, Resource,
			`{"Version":"2012-10-17","Statement":{"Effect":"`+effect+`","Principal":{"AWS":"`+principal+`"},"Action":"*","Resource":"*"}}`)}}
	}
	identities := []state{{"-", true, nil}, {"allow", true, identity("Allow")}, {"deny", true, identity("Deny")}}
	limits := []state{{"none", false, nil}, {"allow", true, identity("Allow")}, {"silent", true, nil}, {"deny", true, identity("Deny")}}
	const user, role, session = "arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:role/r", "arn:aws:sts::111122223333:assumed-role/r/s"
	resources := []state{{"-", true, nil}, {"user", true, resource("Allow", user)}, {"role", true, resource("Allow", role)}, {"session", true, resource("Allow", session)},
		{"account", true, resource("Allow", "111122223333")}, {"everyone", true, resource("Allow", "*")}, {"deny", true, resource("Deny", "*")}}

	var b strings.Builder
	b.WriteString(`What decides, for every combination of what the policies say. The mark is + for allowed, - for an
implicit and ! for an explicit deny, then whose it is: I identity, B boundary, S session, R resource, T trust,
root. The resource's policy names whom it allows. go test -run TestEvaluationOrder -update writes it anew.
`)
	for _, c := range []struct {
		name     string
		subject  Subject
		sessions []state
		root     bool
	}{
		{"user", Subject{Account: "111122223333", ARNs: []string{user}}, limits[:1], false},
		{"role session", Subject{Account: "111122223333", ARNs: []string{session, role}}, limits, false},
		{"root", Subject{Account: "111122223333", ARNs: []string{"arn:aws:iam::111122223333:root"}}, limits[:1], true},
	} {
		for _, owner := range []struct{ name, account string }{{"same account", "111122223333"}, {"another account", "444455556666"}} {
			for _, required := range []bool{false, true} {
				kind := ""
				if required {
					kind = ", trust policy"
				}
				fmt.Fprintf(&b, "\n%s, %s%s\n%-9s %-7s %-7s", c.name, owner.name, kind, "identity", "bound", "session")
				for _, r := range resources {
					fmt.Fprintf(&b, " %-8s", r.name)
				}
				b.WriteString("\n")
				for _, i := range identities {
					for _, bound := range limits {
						for _, s := range c.sessions {
							line := fmt.Sprintf("%-9s %-7s %-7s", i.name, bound.name, s.name)
							for _, r := range resources {
								set := &Set{Identity: i.list, Boundary: bound.list, HasBoundary: bound.present, Session: s.list, HasSession: s.present,
									Resource: r.list, ResourceRequired: required, ResourceAccount: owner.account, RootOfAccount: c.root}
								d := Evaluate(&Request{Action: "a:b", Resource: "arn:x", Subject: c.subject}, set)
								line += fmt.Sprintf(" %-8s", map[Effect]string{Allow: "+", ImplicitDeny: "-", ExplicitDeny: "!"}[d.Effect]+marks[d.Source])
							}
							b.WriteString(strings.TrimRight(line, " ") + "\n")
						}
					}
				}
			}
		}
	}
	return b.String()
}
