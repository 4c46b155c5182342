package postfix

import "strings"

// address reads "<address>" at the beginning of s. A quoted local part
// (RFC 5321 section 4.1.2) may hold any character, ">" included. An address
// whose quotes do not close, as info_log_addr_form = internal shows some, ends
// at the first ">".
func address(s string) (addr, rest string, ok bool) {
	if s == "" || s[0] != '<' {
		return "", s, false
	}
	quoted := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case '>':
			if !quoted {
				return s[1:i], s[i+1:], true
			}
		}
	}
	if end := strings.IndexByte(s, '>'); end >= 0 {
		return s[1:end], s[end+1:], true
	}
	return "", s, false
}

// client reads "name[address]" or postscreen's "[address]:port" at the
// beginning of s.
func client(s string) (name, addr, rest string, ok bool) {
	open := strings.IndexByte(s, '[')
	if open < 0 || strings.IndexByte(s[:open], ' ') >= 0 {
		return "", "", s, false
	}
	end := strings.IndexByte(s[open:], ']')
	if end < 0 {
		return "", "", s, false
	}
	name, addr, rest = s[:open], s[open+1:open+end], s[open+end+1:]
	// smtpd_client_port_logging = yes
	if strings.HasPrefix(rest, ":") {
		i := 1
		for i < len(rest) && '0' <= rest[i] && rest[i] <= '9' {
			i++
		}
		if i > 1 {
			rest = rest[i:]
		}
	}
	return name, addr, rest, true
}

// envelope holds the fields that smtpd and cleanup put behind a text.
type envelope struct {
	sender, recipient string
}

// trailer reads " from=<s> to=<r> proto=ESMTP helo=<h>", the fields that stand
// behind a text and its semicolon. Each may be absent, but not all of them;
// postscreen puts commas between. With "info_log_addr_form" the addresses are
// quoted. The rest begins behind the last field.
func trailer(s string) (env envelope, rest string, ok bool) {
	for _, name := range [...]string{"from=", "to=", "proto=", "helo=", "sasl_username="} {
		t, found := strings.CutPrefix(strings.TrimPrefix(s, ","), " "+name)
		if !found {
			continue
		}
		value, r, valid := field(name, t)
		if !valid {
			return envelope{}, s, false
		}
		switch name {
		case "from=":
			env.sender = value
		case "to=":
			env.recipient = value
		}
		s, ok = r, true
	}
	return env, s, ok
}

func field(name, s string) (value, rest string, ok bool) {
	switch name {
	case "proto=":
		end := strings.IndexAny(s, " ,:")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	case "helo=", "sasl_username=":
		return bracketed(s)
	}
	return address(s)
}

// bracketed reads "<text>" where the text is a client's and may hold ">": it
// ends at the first one behind which a line can end or go on.
func bracketed(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '<' {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '>' {
			continue
		}
		r := s[i+1:]
		if r == "" || strings.HasPrefix(r, ": ") || strings.HasPrefix(r, " sasl_username=<") || strings.HasPrefix(r, ", sasl_username=<") {
			return s[1:i], r, true
		}
	}
	return "", s, false
}
