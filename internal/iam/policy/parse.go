package policy

import (
	"slices"
	"strings"
)

// MaxSize is the largest document that Parse reads, in bytes. The quotas of
// each kind of policy are smaller and belong to those who store them.
const MaxSize = 128 << 10

// Versions of the policy language.
const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
)

// statement is one compiled statement.
type statement struct {
	sid          string
	span         span
	deny         bool
	principal    *principals // nil in identity policies
	notPrincipal bool
	actions      []glob // of lower-cased actions
	notAction    bool
	resources    []resource // empty in trust policies: any
	notResource  bool
	conditions   []condition
}

// Parse reads a document that is to stand where kind says. The error is always
// an *awserr.Error with code MalformedPolicyDocument and, where known, AWS's text.
//
// Variables work under Version 2012-10-17 only; in older documents, and in
// those without a Version, "${" stands for itself.
func Parse(kind Kind, data []byte) (*Document, error) {
	if len(data) > MaxSize {
		return nil, malformed("The policy document is longer than %d bytes.", MaxSize)
	}
	root, err := readJSON(data)
	if err != nil {
		if kind == Identity {
			return nil, fresh(errSyntax)
		}
		return nil, malformed("This policy contains invalid Json")
	}
	doc, err := parseDocument(kind, &root, newPositions(data))
	if err != nil {
		return nil, fresh(err)
	}
	return doc, nil
}

func parseDocument(kind Kind, root *node, at *positions) (*Document, error) {
	if root.kind != objectNode || !onlyMembers(root, "Version", "Id", "Statement") {
		return nil, errSyntax
	}
	doc := &Document{kind: kind, version: version2008}
	if !textMember(root, "Version", &doc.version) || !textMember(root, "Id", &doc.id) {
		return nil, errSyntax
	}
	if doc.version != version2008 && doc.version != version2012 {
		return nil, badVersion(kind)
	}
	list := root.member("Statement")
	nodes, err := statementNodes(kind, list)
	if err != nil {
		return nil, err
	}
	if list.kind == objectNode {
		nodes[0].begin = at.afterColon(list.begin)
	}
	if err := checkStatements(kind, doc.version, nodes); err != nil {
		return nil, err
	}
	doc.statements = make([]statement, len(nodes))
	for i := range nodes {
		if err := doc.statements[i].compile(kind, doc.version, &nodes[i]); err != nil {
			return nil, err
		}
		doc.statements[i].span = span{at.of(nodes[i].begin), at.of(nodes[i].end)}
	}
	doc.readsTags = doc.readResourceTags()
	return doc, nil
}

func badVersion(kind Kind) error {
	if kind == Identity {
		return errSyntax
	}
	return malformed("The policy must contain a valid version string")
}

// statementNodes returns the statements, of which there may be one without a list.
func statementNodes(kind Kind, n *node) ([]node, error) {
	var nodes []node
	switch {
	case n == nil:
	case n.kind == objectNode:
		nodes = []node{*n}
	case n.kind == listNode:
		nodes = n.items
	default:
		return nil, errSyntax
	}
	if len(nodes) == 0 {
		if kind == Identity {
			return nil, errSyntax
		}
		return nil, malformed("Could not parse the policy: Statement is empty!")
	}
	return nodes, nil
}

// compile fills s from a statement that has passed the checks.
func (s *statement) compile(kind Kind, version string, n *node) error {
	variables := version == version2012
	s.deny = n.member("Effect").text == "Deny"
	textMember(n, "Sid", &s.sid)
	if err := s.compilePrincipal(kind, n); err != nil {
		return err
	}
	actions, not := eitherMember(n, "Action", "NotAction")
	s.notAction = not
	for _, a := range actions {
		t := newTemplate(strings.ToLower(a), grammar{wildcards: true})
		s.actions = append(s.actions, t.fixed)
	}
	resources, not := eitherMember(n, "Resource", "NotResource")
	s.notResource = not
	s.resources = make([]resource, len(resources))
	for i, r := range resources {
		s.resources[i] = newResource(r, variables)
	}
	return s.compileConditions(n.member("Condition"), variables)
}

func (s *statement) compilePrincipal(kind Kind, n *node) error {
	if kind == Identity {
		return nil
	}
	element := "Principal"
	if n.member(element) == nil {
		element, s.notPrincipal = "NotPrincipal", true
	}
	var err error
	s.principal, err = parsePrincipals(kind, element, n.member(element))
	return err
}

// compileConditions reads {operator: {key: value or list}}; all must hold.
func (s *statement) compileConditions(n *node, variables bool) error {
	if n == nil {
		return nil
	}
	for i, operator := range n.names {
		keys := &n.items[i]
		for j, key := range keys.names {
			values, ok := scalarsOf(&keys.items[j])
			if !ok || key == "" {
				return errSyntax
			}
			c, err := newCondition(operator, key, values, variables)
			if err != nil {
				return err
			}
			s.conditions = append(s.conditions, c)
		}
	}
	return nil
}

// onlyMembers reports whether an object has no other members than these.
func onlyMembers(n *node, names ...string) bool {
	for _, name := range n.names {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// textMember reads an optional string member into *to.
func textMember(n *node, name string, to *string) bool {
	m := n.member(name)
	if m == nil {
		return true
	}
	*to = m.text
	return m.kind == stringNode
}

// eitherMember returns the values of the first of two members that is there,
// and whether it is the second, negative, one.
func eitherMember(n *node, yes, no string) ([]string, bool) {
	if m := n.member(no); m != nil {
		values, _ := stringsOf(m)
		return values, true
	}
	if m := n.member(yes); m != nil {
		values, _ := stringsOf(m)
		return values, false
	}
	return nil, false
}

// stringsOf reads a string or a list of strings.
func stringsOf(n *node) ([]string, bool) {
	return textsOf(n, func(k nodeKind) bool { return k == stringNode })
}

// scalarsOf reads a string, number or boolean, or a list of them.
func scalarsOf(n *node) ([]string, bool) {
	return textsOf(n, func(k nodeKind) bool { return k == stringNode || k == scalarNode })
}

func textsOf(n *node, fits func(nodeKind) bool) ([]string, bool) {
	if n.kind != listNode {
		return []string{n.text}, fits(n.kind)
	}
	out := make([]string, 0, len(n.items))
	for i := range n.items {
		if !fits(n.items[i].kind) {
			return nil, false
		}
		out = append(out, n.items[i].text)
	}
	return out, true
}
