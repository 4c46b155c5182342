package policy

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestDecisions runs the decision tables; testdata/README has their format.
func TestDecisions(t *testing.T) {
	files, err := filepath.Glob("testdata/decisions/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("decision tables: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			runTable(t, file)
		})
	}
}

// table is a decision table as read so far.
type table struct {
	t        *testing.T
	policies map[string]*Document
	subjects map[string]Subject
	sets     map[string]*Set
}

func runTable(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tab := &table{t: t, policies: map[string]*Document{}, subjects: map[string]Subject{}, sets: map[string]*Set{}}
	for _, f := range ar.Files {
		tab.policies[f.Name] = mustParse(t, kindOf(t, f.Name), string(f.Data))
	}
	asked := 0
	for n, line := range strings.Split(string(ar.Comment), "\n") {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		switch f[0] {
		case "subject":
			tab.subjects[f[1]] = tab.subject(f[2:])
		case "set":
			tab.sets[f[1]] = tab.set(f[2:])
		case "ask":
			asked++
			want := strings.TrimSpace(line[strings.LastIndex(line, "->")+2:])
			if got := tab.ask(f[1:]); got != want {
				t.Errorf("%s:%d: %s\n got %s", file, n+1, line, got)
			}
		}
	}
	if asked == 0 {
		t.Fatalf("%s asks nothing", file)
	}
}

func kindOf(t *testing.T, name string) Kind {
	t.Helper()
	kind, ok := map[string]Kind{"identity": Identity, "trust": Trust, "resource": Resource}[path.Dir(name)]
	if !ok {
		t.Fatalf("%s: the folder must be identity, trust or resource", name)
	}
	return kind
}

func mustParse(t testing.TB, kind Kind, doc string) *Document {
	t.Helper()
	d, err := Parse(kind, []byte(doc))
	if err != nil {
		t.Fatalf("parse %s: %v\n%s", kind, err, doc)
	}
	return d
}

func (tab *table) subject(args []string) Subject {
	var s Subject
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		switch k {
		case "account":
			s.Account = v
		case "arn":
			s.ARNs = append(s.ARNs, v)
		case "service":
			s.Service = v
		case "federated":
			s.Federated = v
		case "anonymous":
			s.Anonymous = true
		default:
			tab.t.Fatalf("subject: %q", a)
		}
	}
	return s
}

func (tab *table) set(args []string) *Set {
	s := &Set{}
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		var named []Named
		if d := tab.policies[v]; d != nil {
			named = []Named{{Name: v, Document: d}}
		}
		switch k {
		case "identity":
			s.Identity = append(s.Identity, named...)
		case "boundary":
			s.HasBoundary = true
			s.Boundary = append(s.Boundary, named...)
		case "session":
			s.HasSession = true
			s.Session = append(s.Session, named...)
		case "resource":
			s.Resource = append(s.Resource, named...)
		case "owner":
			s.ResourceAccount = v
		case "required":
			s.ResourceRequired = true
		case "root":
			s.RootOfAccount = true
		default:
			tab.t.Fatalf("set: %q", a)
		}
		if strings.HasSuffix(v, ".json") && named == nil {
			tab.t.Fatalf("set: no policy %q", v)
		}
	}
	return s
}

// ask evaluates SUBJECT SET ACTION RESOURCE [key=value]... -> ...
func (tab *table) ask(args []string) string {
	subject, ok := tab.subjects[args[0]]
	set := tab.sets[args[1]]
	if !ok || set == nil {
		tab.t.Fatalf("ask: no subject %q or set %q", args[0], args[1])
	}
	r := &Request{Action: args[2], Resource: args[3], Subject: subject, Context: Context{}}
	for _, a := range args[4:] {
		if a == "->" {
			break
		}
		k, v, _ := strings.Cut(a, "=")
		r.Context.Add(k, v)
	}
	return show(Evaluate(r, set))
}

// show prints a decision as the tables write it.
func show(d Decision) string {
	out := d.Effect.String()
	if d.Statement < 0 {
		return out
	}
	out += fmt.Sprintf(" %s#%d", d.Policy, d.Statement)
	if d.Sid != "" {
		out += "/" + d.Sid
	}
	return out
}
