package iam

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"waybill/internal/iam/policy"
)

// TestAuthorize runs the scripts of testdata/authorize; README there says how
// they read.
func TestAuthorize(t *testing.T) {
	paths, err := filepath.Glob("testdata/authorize/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{f: newFixture(t), documents: map[string]string{}}
			for _, file := range archive.Files {
				s.documents[file.Name] = string(file.Data)
			}
			got := s.run(t, string(archive.Comment))
			if *update {
				archive.Comment = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal([]byte(got), archive.Comment) {
				t.Errorf("outcomes differ from %s:\n%s", path, lineDiff(string(archive.Comment), got))
			}
		})
	}
}

func lineDiff(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, c := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			c = g[i]
		}
		if a != c {
			fmt.Fprintf(&b, "-%s\n+%s\n", a, c)
		}
	}
	return b.String()
}

type script struct {
	f         *fixture
	documents map[string]string
}

// run executes the lines and returns them with the outcomes of the asks.
func (s *script) run(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "\t"):
			continue // the outcome of the ask before
		case len(words) == 0 || strings.HasPrefix(line, "#"):
		case words[0] == "ask":
			line += "\n\t" + s.ask(t, words[1:])
		default:
			if err := s.do(t, words[0], words[1:]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// options returns the words of the form name=value.
func options(words []string) map[string]string {
	o := map[string]string{}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		o[name] = value
	}
	return o
}

func (s *script) do(t *testing.T, verb string, words []string) error {
	ctx := t.Context()
	switch verb {
	case "user":
		o := options(words[2:])
		if _, err := s.f.CreateUser(ctx, words[0], "/", words[1], tagsOf(o)); err != nil {
			return err
		}
		if d, ok := o["inline"]; ok {
			if err := s.f.PutUserPolicy(ctx, words[0], words[1], d, s.documents[d]); err != nil {
				return err
			}
		}
		if m, ok := o["attach"]; ok {
			return s.f.AttachUserPolicy(ctx, words[0], words[1], s.managed(words[0], m))
		}
		return nil
	case "role":
		o := options(words[2:])
		n := NewRole{Name: words[1], Path: o["path"], Trust: s.documents[o["trust"]], Tags: tagsOf(o)}
		if _, err := s.f.CreateRole(ctx, words[0], n); err != nil {
			return err
		}
		if d, ok := o["inline"]; ok {
			return s.f.PutRolePolicy(ctx, words[0], words[1], d, s.documents[d])
		}
		return nil
	case "group":
		o := options(words[2:])
		if _, err := s.f.CreateGroup(ctx, words[0], "/", words[1]); err != nil {
			return err
		}
		if d, ok := o["inline"]; ok {
			if err := s.f.PutPolicy(ctx, groupOwner(words[0], words[1]), d, s.documents[d]); err != nil {
				return err
			}
		}
		if m, ok := o["attach"]; ok {
			return s.f.Attach(ctx, groupOwner(words[0], words[1]), s.managed(words[0], m))
		}
		return nil
	case "member":
		return s.f.AddUserToGroup(ctx, words[0], words[1], words[2])
	case "unmember":
		return s.f.RemoveUserFromGroup(ctx, words[0], words[1], words[2])
	case "policy":
		_, err := s.f.CreatePolicy(ctx, words[0], NewPolicy{Name: words[1], Document: s.documents[words[2]]})
		return err
	case "version":
		_, err := s.f.CreatePolicyVersion(ctx, words[0], s.managed(words[0], words[1]), s.documents[words[2]], true)
		return err
	case "default":
		return s.f.SetDefaultPolicyVersion(ctx, words[0], s.managed(words[0], words[1]), words[2])
	case "boundary":
		o := Owner{Kind(words[1]), words[0], words[2]}
		if words[3] == "none" {
			return s.f.DeleteBoundary(ctx, o)
		}
		return s.f.SetBoundary(ctx, o, s.managed(words[0], words[3]))
	case "linked":
		_, err := s.f.CreateServiceLinkedRole(ctx, words[0], EventsService, "", "")
		return err
	case "delete-role":
		if err := s.f.DeleteRolePolicy(ctx, words[0], words[1], words[2]); err != nil {
			return err
		}
		return s.f.DeleteRole(ctx, words[0], words[1])
	case "resource":
		doc, err := policy.Parse(policy.Resource, []byte(s.documents[words[1]]))
		s.f.resources[words[0]] = append(s.f.resources[words[0]], policy.Named{Name: words[1], Document: doc})
		return err
	}
	return fmt.Errorf("unknown verb %q", verb)
}

// managed returns the ARN of a managed policy: AWS's, or else the account's.
func (s *script) managed(account, name string) string {
	if _, ok := s.f.Service.managed[ManagedPolicyARN(name)]; ok {
		return ManagedPolicyARN(name)
	}
	return "arn:aws:iam::" + account + ":policy/" + name
}

func tagsOf(o map[string]string) []Tag {
	if o["tag"] == "" {
		return nil
	}
	key, value, _ := strings.Cut(o["tag"], ":")
	return []Tag{{key, value}}
}

// ask evaluates "WHO ACTION RESOURCE [key=value ...]".
func (s *script) ask(t *testing.T, words []string) string {
	t.Helper()
	o := options(words[3:])
	condition := policy.Context{}
	for name, value := range o {
		if strings.Contains(name, ":") {
			condition[name] = []string{value}
		}
	}
	d, err := s.f.Authorize(t.Context(), s.principal(t, words[0], o), words[1], words[2], condition)
	if err != nil {
		t.Fatalf("ask %v: %v", words, err)
	}
	return fmt.Sprintf("%s: %s", d.Effect, d.Reason)
}

// principal reads user:ACCOUNT/NAME, role:ACCOUNT/NAME/SESSION, root:ACCOUNT
// and service:NAME (with the options source and account).
func (s *script) principal(t *testing.T, who string, o map[string]string) Principal {
	t.Helper()
	kind, rest, _ := strings.Cut(who, ":")
	parts := strings.Split(rest, "/")
	switch kind {
	case "user":
		u, err := s.f.User(t.Context(), parts[0], parts[1])
		if err != nil {
			t.Fatal(err)
		}
		return u.principal("")
	case "role":
		r, err := s.f.Role(t.Context(), parts[0], parts[1])
		if err != nil {
			t.Fatal(err)
		}
		p := r.session(parts[2], "", s.f.clock.now())
		if name := o["session"]; name != "" {
			if p.SessionPolicies, err = s.f.sessionPolicies(t.Context(), "", s.documents[name], nil); err != nil {
				t.Fatal(err)
			}
		}
		return p
	case "gone":
		r := Role{ID: "AROAGONE", Account: parts[0], Name: parts[1], Path: "/"}
		return r.session(parts[2], "", s.f.clock.now())
	case "root":
		return Root(rest)
	case "service":
		return ServicePrincipal(rest, o["source"], o["account"])
	}
	t.Fatalf("unknown principal %q", who)
	return Principal{}
}
