package console

import (
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// document is a parsed page with the questions that tests ask of it.
type document struct {
	t    *testing.T
	root *html.Node
}

func parse(t *testing.T, page string) document {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return document{t, root}
}

func (d document) all(selector string) []*html.Node {
	d.t.Helper()
	sel, err := cascadia.ParseGroup(selector)
	if err != nil {
		d.t.Fatalf("selector %q: %v", selector, err)
	}
	return cascadia.QueryAll(d.root, sel)
}

// has checks that exactly one element matches whose text, with white space
// folded, contains text.
func (d document) has(selector, text string) {
	d.t.Helper()
	var found []string
	for _, n := range d.all(selector) {
		got := textOf(n)
		if strings.Contains(got, text) {
			return
		}
		found = append(found, got)
	}
	d.t.Errorf("no %s says %q; there are %q", selector, text, found)
}

func (d document) hasNo(selector string) {
	d.t.Helper()
	for _, n := range d.all(selector) {
		d.t.Errorf("there is a %s: %q", selector, textOf(n))
	}
}

// attr returns the attribute of the one element that matches.
func (d document) attr(selector, name string) string {
	d.t.Helper()
	nodes := d.all(selector)
	if len(nodes) != 1 {
		d.t.Errorf("%d elements match %s, want 1", len(nodes), selector)
		return ""
	}
	v, _ := attribute(nodes[0], name)
	return v
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// checkSound checks what holds for every page: landmarks, one h1, a language, a
// label for every field, ids that are unique and exist where they are named, a
// token in every posting form, and nothing that the security policy forbids.
func (d document) checkSound() {
	d.t.Helper()
	for _, once := range []string{"html[lang]", "main#main", "h1", "header.top", "title", "a.skip[href='#main']"} {
		if n := len(d.all(once)); n != 1 {
			d.t.Errorf("%d elements match %s, want 1", n, once)
		}
	}
	for _, never := range []string{"script", "style", "[style]", "iframe", "object", "base", "[onclick]", "[onload]", "[onsubmit]"} {
		d.hasNo(never)
	}
	d.checkReferences()
	d.checkFields()
	for _, form := range d.all("form") {
		method, _ := attribute(form, "method")
		inner := document{d.t, form}
		if method == "post" && len(inner.all("input[type=hidden][name="+tokenField+"]")) != 1 {
			d.t.Errorf("a posting form has no token: %q", textOf(form))
		}
	}
}

func (d document) checkReferences() {
	d.t.Helper()
	ids := map[string]bool{}
	for _, n := range d.all("[id]") {
		id, _ := attribute(n, "id")
		if ids[id] {
			d.t.Errorf("the id %q is there twice", id)
		}
		ids[id] = true
	}
	for _, name := range []string{"for", "aria-labelledby", "aria-describedby"} {
		for _, n := range d.all("[" + name + "]") {
			if id, _ := attribute(n, name); !ids[id] {
				d.t.Errorf("%s names %q, which is not there", name, id)
			}
		}
	}
	for _, name := range []string{"href", "src", "action"} {
		for _, n := range d.all("[" + name + "]") {
			if to, _ := attribute(n, name); !strings.HasPrefix(to, root) && to != "#main" {
				d.t.Errorf("%s=%q leads out of the console", name, to)
			}
		}
	}
}

func (d document) checkFields() {
	d.t.Helper()
	for _, n := range d.all("input:not([type=hidden]), select, textarea") {
		id, _ := attribute(n, "id")
		if len(d.all("label[for="+id+"]")) != 1 {
			d.t.Errorf("the field %q has no label", id)
		}
	}
	for _, n := range d.all("img") {
		if _, ok := attribute(n, "alt"); !ok {
			d.t.Error("an image has no alternative text")
		}
	}
	for _, n := range d.all("a, button") {
		label, _ := attribute(n, "aria-label")
		if textOf(n) == "" && label == "" {
			d.t.Error("a link or button has no name")
		}
	}
}
