// Package archtest keeps Waybill's layers: which package may import which. It
// has tests only. See the "Layout" part of CONTRIBUTING.md for the reasons.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed lists, for each package below internal, the other packages below
// internal that its non-test code may import. A trailing "/..." allows a tree.
// A package that is not listed fails the test: its place must be decided.
var allowed = map[string][]string{
	"arn":      {},
	"awserr":   {},
	"config":   {},
	"event":    {},
	"evidence": {},
	"spool":    {},
	"store":    {},
	"backup":   {},
	"sigv4":    {"awserr"},

	"capture":                  {"evidence", "capture/logline"},
	"capture/postfix":          {"evidence", "capture/..."},
	"capture/dovecot":          {"evidence", "capture/..."},
	"capture/logline/linetest": {"evidence", "capture/..."},
	"capture/logline":          {"evidence"},
	"capture/milter":           {"evidence", "capture/..."},
	"capture/milter/tracer":    {"evidence", "capture/..."},

	"mailtrace":         {"event", "evidence", "mailtrace/..."},
	"mailtrace/authres": {},
	"trace":             {"event"},

	"iam":             {"arn", "awserr", "sigv4", "store", "iam/..."},
	"iam/seal":        {},
	"iam/webidentity": {"awserr"},
	"iam/policy":      {"arn", "awserr"},
	"logs":            {"arn", "awserr", "event", "store", "logs/...", "iam/policy"},
	"logs/engine":     {"awserr"},
	"logs/journal":    {"awserr"},
	"logs/pattern":    {"awserr"},
	"logs/csvtable":   {},
	"insights/syntax": {},
	"insights/exec":   {"insights/syntax"},
	"insights/golden": {"insights/..."},
	"insights/keep":   {"insights/exec"},
	"insights":        {"arn", "awserr", "store", "logs", "logs/csvtable", "logs/engine", "insights/..."},
	"insights/plan":   {"insights/...", "logs", "logs/engine"},
	"workmail":        {"arn", "awserr", "store", "iam", "iam/policy"},
	"publish":         {"arn", "spool"},
	"api":             {"arn", "awserr", "sigv4", "iam", "iam/policy", "api/wire", "api/validate"},
	"api/wire":        {"awserr"},
	"api/validate":    {"awserr"},
	"api/iam":         {"..."},
	"api/sts":         {"..."},
	"api/logs":        {"..."},
	"api/workmail":    {"..."},
	"audit":           {"api", "arn", "awserr", "iam", "iam/policy", "logs"},
	"console":         {"api/...", "api", "arn", "awserr", "event", "iam", "store", "trace", "evidence"},
	"demo":            {"evidence"},
	"app":             {"...", "console"},
	"archtest":        {},
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "waybill/internal/")
		rules, known := allowed[name]
		if !known {
			t.Errorf("package %s is not listed: decide where it stands", name)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, "waybill/internal/")
			if ours && !slices.ContainsFunc(rules, func(r string) bool { return permits(r, to) }) {
				t.Errorf("%s imports %s, which its layer does not allow", name, to)
			}
		}
	}
}

func permits(rule, to string) bool {
	if rule == "..." {
		return to != "app" && to != "console"
	}
	if tree, ok := strings.CutSuffix(rule, "/..."); ok {
		return strings.HasPrefix(to, tree+"/") || to == tree
	}
	return rule == to
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "waybill/internal/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
