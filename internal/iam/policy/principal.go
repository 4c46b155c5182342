package policy

import (
	"slices"
	"strings"
)

// principals is a Principal or NotPrincipal element (IAM User Guide, "Principal").
type principals struct {
	// everyone is "*" or {"AWS": "*"}.
	everyone bool
	// accounts are named by their 12 digits or by their root's ARN.
	accounts []string
	// arns are users, roles, role sessions and federated user sessions.
	arns      []string
	services  []string
	federated []string
}

// grant is how closely a principal element names a caller; it decides which
// other policies still limit an Allow of the caller's own account.
type grant int

const (
	grantNone grant = iota
	// grantAccount names the account, which delegates to its own policies.
	grantAccount
	// grantRole names the role of the session; boundary and session policies
	// still limit it.
	grantRole
	// grantDirect names the caller: the user, the session, the service, or everyone.
	grantDirect
)

// grantTo returns how the element names the caller.
func (p *principals) grantTo(s *Subject) grant {
	if p.everyone {
		return grantDirect
	}
	if s.Service != "" {
		return direct(slices.Contains(p.services, s.Service))
	}
	if s.Federated != "" && slices.Contains(p.federated, s.Federated) {
		return grantDirect
	}
	if s.Anonymous {
		return grantNone
	}
	best := grantNone
	if s.Account != "" && slices.Contains(p.accounts, s.Account) {
		best = grantAccount
	}
	for _, a := range s.ARNs {
		if slices.Contains(p.arns, a) {
			best = max(best, grantOf(a))
		}
	}
	return best
}

func direct(ok bool) grant {
	if ok {
		return grantDirect
	}
	return grantNone
}

func grantOf(a string) grant {
	if kind, _, ok := entityOf(a); ok && kind == "role" {
		return grantRole
	}
	return grantDirect
}

// entityOf returns what kind of entity an ARN of IAM or STS names, and its account.
func entityOf(s string) (kind, account string, ok bool) {
	f := strings.SplitN(s, ":", arnParts)
	if len(f) != arnParts || f[0] != "arn" || f[1] != "aws" || f[3] != "" || !isAccount(f[4]) {
		return "", "", false
	}
	kind, name, _ := strings.Cut(f[5], "/")
	switch {
	case f[2] == "iam" && f[5] == "root":
		return "root", f[4], true
	case f[2] == "iam" && (kind == "user" || kind == "role"):
		return kind, f[4], validName(name)
	case f[2] == "sts" && kind == "federated-user":
		return kind, f[4], validName(name)
	case f[2] == "sts" && kind == "assumed-role":
		role, session, _ := strings.Cut(name, "/")
		return kind, f[4], validName(role) && validName(session)
	}
	return "", "", false
}

// validName refuses wildcards: a principal is never a pattern.
func validName(s string) bool { return s != "" && !strings.ContainsAny(s, "*? ") }

// isAccount reports whether s is a 12-digit account number.
func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// addAWS adds one value of {"AWS": ...}.
func (p *principals) addAWS(v string) bool {
	switch {
	case v == "*":
		p.everyone = true
	case isAccount(v):
		p.accounts = append(p.accounts, v)
	default:
		kind, account, ok := entityOf(v)
		if !ok {
			return false
		}
		if kind == "root" {
			p.accounts = append(p.accounts, account)
		} else {
			p.arns = append(p.arns, v)
		}
	}
	return true
}

// add adds one value under a principal type.
func (p *principals) add(kind, v string) bool {
	switch kind {
	case "AWS":
		return p.addAWS(v)
	case "Service":
		p.services = append(p.services, v)
		return validName(v) && strings.Contains(v, ".")
	case "Federated":
		p.federated = append(p.federated, v)
		return validName(v)
	case "CanonicalUser":
		// An account under its storage name; no caller here has one, so it names nobody.
		return len(v) == 64 && strings.Trim(v, "0123456789abcdef") == ""
	}
	return false
}

// parsePrincipals reads a Principal or NotPrincipal element.
func parsePrincipals(kind Kind, element string, n *node) (*principals, error) {
	p := &principals{}
	if n.kind == stringNode {
		switch {
		case n.text != "*":
			return nil, malformed("Invalid principal in policy: %q", n.text)
		case kind == Trust:
			return nil, malformed(`AssumeRolepolicy contained an invalid principal: "STAR":"*".`)
		}
		p.everyone = true
		return p, nil
	}
	if n.kind != objectNode {
		return nil, errSyntax
	}
	for i, name := range n.names {
		values, ok := stringsOf(&n.items[i])
		if !ok {
			return nil, errSyntax
		}
		for _, v := range values {
			if !p.add(name, v) {
				return nil, malformed("Invalid principal in policy: %q:%q", name, v)
			}
		}
		if len(values) == 0 {
			return nil, malformed("Missing required field %s cannot be empty!", element)
		}
	}
	if len(n.names) == 0 {
		return nil, malformed("Missing required field %s cannot be empty!", element)
	}
	return p, nil
}
