package engine

import "strings"

// Members returns the members of a JSON message under the names that queries
// know them by, as far as they are kept as columns: "event.recipients.0". A
// member whose name begins with "@" has one "@" more. It is empty for other messages.
func Members(message string) map[string]string {
	f := flatteners.Get().(*flattener)
	defer flatteners.Put(f)
	f.allowed = &nameSet{}
	f.allowed.names.Store(&map[string]struct{}{})
	members := map[string]string{}
	for _, field := range f.flatten(&Row{Message: message}) {
		switch field.Name {
		case colStream, colID, colIngested, colMessage, colPartial:
			continue
		}
		name := field.Name
		if m, ok := Member(name); ok && !strings.HasPrefix(m, "@") {
			name = m
		}
		// The flattener's texts are good until its next use.
		members[strings.Clone(name)] = strings.Clone(field.Value)
	}
	return members
}
