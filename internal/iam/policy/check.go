package policy

import "strings"

// checkStatements refuses what the grammar of the kind does not have. The
// order is the one in which IAM reports: first the shape of every statement,
// then the document's version, then values, then what is missing.
func checkStatements(kind Kind, version string, nodes []node) error {
	for i := range nodes {
		if err := checkShape(&nodes[i]); err != nil {
			return err
		}
	}
	if kind == Identity && version != version2012 {
		return malformed("Policy document must be version 2012-10-17 or greater.")
	}
	for i := range nodes {
		if err := checkValues(kind, &nodes[i]); err != nil {
			return err
		}
	}
	if err := checkSids(kind, nodes); err != nil {
		return err
	}
	for i := range nodes {
		if err := checkElements(kind, &nodes[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkShape checks names and types, which are the same for every kind.
func checkShape(n *node) error {
	if n.kind != objectNode || !onlyMembers(n, "Sid", "Effect", "Principal", "NotPrincipal",
		"Action", "NotAction", "Resource", "NotResource", "Condition") {
		return errSyntax
	}
	var ignored string
	if !textMember(n, "Sid", &ignored) || !textMember(n, "Effect", &ignored) {
		return errSyntax
	}
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if n.member(name) != nil && n.member("Not"+name) != nil {
			return errSyntax
		}
	}
	for _, name := range []string{"Action", "NotAction", "Resource", "NotResource"} {
		if m := n.member(name); m != nil {
			if _, ok := stringsOf(m); !ok {
				return errSyntax
			}
		}
	}
	return checkConditionShape(n.member("Condition"))
}

func checkConditionShape(n *node) error {
	if n == nil {
		return nil
	}
	if n.kind != objectNode {
		return errSyntax
	}
	for i, operator := range n.names {
		keys := &n.items[i]
		if keys.kind != objectNode {
			return errSyntax
		}
		name, _, _ := cutOperator(operator)
		if _, ok := operators[name]; !ok && name != "Null" && len(keys.names) > 0 {
			return errSyntax
		}
		for j := range keys.items {
			if _, ok := scalarsOf(&keys.items[j]); !ok {
				return errSyntax
			}
		}
	}
	return nil
}

// checkValues checks the effect, the values of conditions, and the form of resources.
func checkValues(kind Kind, n *node) error {
	if err := checkEffect(kind, n.member("Effect")); err != nil {
		return err
	}
	var probe statement
	if err := probe.compileConditions(n.member("Condition"), false); err != nil {
		return err
	}
	if kind != Identity {
		return nil
	}
	resources, _ := eitherMember(n, "Resource", "NotResource")
	for _, r := range resources {
		if failsLegacy(r) {
			return errLegacy
		}
	}
	return nil
}

func checkEffect(kind Kind, n *node) error {
	switch {
	case n == nil && kind != Identity:
		return malformed("Missing required field Effect")
	case n == nil:
		return errSyntax
	case n.text == "Allow" || n.text == "Deny":
		return nil
	case kind != Identity:
		return malformed("Invalid effect: %s", n.text)
	case strings.EqualFold(n.text, "Allow") || strings.EqualFold(n.text, "Deny"):
		return errLegacy
	}
	return errSyntax
}

// checkSids refuses a Sid that stands twice, and in identity policies one that
// is not of letters and digits.
func checkSids(kind Kind, nodes []node) error {
	seen := map[string]bool{}
	for i := range nodes {
		var sid string
		textMember(&nodes[i], "Sid", &sid)
		if sid == "" {
			continue
		}
		if kind == Identity && !alphanumeric(sid) {
			return malformed("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
		}
		if seen[sid] {
			if kind == Identity {
				return malformed("Statement IDs (SID) in a single policy must be unique.")
			}
			return malformed("The Statement Ids in the policy are not unique")
		}
		seen[sid] = true
	}
	return nil
}

func alphanumeric(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}

// checkElements checks which elements a statement has and must not have.
func checkElements(kind Kind, n *node) error {
	actions, _ := eitherMember(n, "Action", "NotAction")
	resources, _ := eitherMember(n, "Resource", "NotResource")
	if err := checkPrincipal(kind, n); err != nil {
		return err
	}
	if len(actions) == 0 {
		if kind == Identity {
			return malformed("Policy statement must contain actions.")
		}
		return malformed("Missing required field Action")
	}
	if kind != Trust {
		for _, r := range resources {
			if err := checkResource(r); err != nil {
				return err
			}
		}
	}
	for _, a := range actions {
		if err := checkAction(kind, a); err != nil {
			return err
		}
	}
	switch {
	case kind == Trust && n.member("Resource") != nil:
		return malformed("Has prohibited field Resource")
	case kind == Trust && n.member("NotResource") != nil:
		return malformed("AssumeRole policy must not contain resources.")
	case kind == Identity && len(resources) == 0:
		return malformed("Policy statement must contain resources.")
	case kind == Resource && len(resources) == 0:
		return malformed("Missing required field Resource")
	}
	return nil
}

func checkPrincipal(kind Kind, n *node) error {
	yes, no := n.member("Principal"), n.member("NotPrincipal")
	switch {
	case kind == Identity && (yes != nil || no != nil):
		return malformed("Policy document should not specify a principal.")
	case kind != Identity && yes == nil && no == nil:
		return malformed("Missing required field Principal")
	case kind == Trust && no != nil:
		return malformed("AssumeRole policy must not contain NotPrincipal field.")
	case no != nil && n.member("Effect").text == "Allow":
		// It would let in everyone but a few; the guide: "is not supported".
		return malformed("NotPrincipal must be used with an Effect of Deny.")
	}
	return nil
}

// checkAction wants "*" or "service:operation", with wildcards in the operation.
func checkAction(kind Kind, a string) error {
	vendor, _, found := strings.Cut(a, ":")
	switch {
	case kind == Trust && !strings.EqualFold(vendor, "sts"):
		return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
	case a == "*":
		return nil
	case !found:
		return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
	case strings.Count(a, ":") > 1:
		return malformed("Actions/Condition can contain only one colon.")
	case vendor != "*" && !alphanumeric(strings.NewReplacer("-", "", ".", "").Replace(vendor)):
		return malformed("Vendor %s is not valid", vendor)
	}
	return nil
}
