package mailtrace

import "strings"

// set makes a set of the words in lower case.
func set(words []string) map[string]bool {
	s := make(map[string]bool, len(words))
	for _, w := range words {
		s[strings.ToLower(w)] = true
	}
	return s
}

func domain(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// isOwn reports whether the address is in one of the organization's domains.
func (m *Machine) isOwn(address string) bool {
	return strings.Contains(address, "@") && m.own[domain(address)]
}

func (m *Machine) isJournal(address string) bool { return m.journal[strings.ToLower(address)] }

// isLoopback reports whether a relay= field names this machine, as a content
// filter's does.
func isLoopback(relay string) bool {
	return strings.Contains(relay, "[127.") || strings.Contains(relay, "[::1]")
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}
