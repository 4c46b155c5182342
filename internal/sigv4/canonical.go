package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// canonicalRequest builds the text that the signature is about:
// method, URI, query, headers, their names, the payload's hash.
func (c *claim) canonicalRequest(r *http.Request, payloadHash string) string {
	var b strings.Builder
	b.Grow(1024)
	b.WriteString(r.Method)
	b.WriteByte('\n')
	b.WriteString(canonicalURI(r))
	b.WriteByte('\n')
	b.WriteString(canonicalQuery(c.query))
	b.WriteByte('\n')
	for _, name := range c.headers {
		b.WriteString(name)
		b.WriteByte(':')
		writeHeader(&b, r, name)
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	for i, name := range c.headers {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(name)
	}
	b.WriteByte('\n')
	b.WriteString(payloadHash)
	return b.String()
}

// canonicalURI is the path as it came over the wire, normalized and then
// encoded once more.
func canonicalURI(r *http.Request) string {
	// RawPath is the wire's spelling where that differs from the default one.
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.EscapedPath()
	}
	if path == "" || path == "/" {
		return "/"
	}
	return encode(normalize(path), true)
}

// normalize removes dot segments and empty segments (RFC 3986 section 6.2.2.3),
// keeping a slash at the end.
func normalize(path string) string {
	var kept []string
	last := ""
	for segment := range strings.SplitSeq(path, "/") {
		last = segment
		switch segment {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}

// canonicalQuery sorts by encoded name, then by encoded value.
func canonicalQuery(query []pair) string {
	if len(query) == 0 {
		return ""
	}
	encoded := make([]pair, len(query))
	for i, p := range query {
		encoded[i] = pair{encode(p.name, false), encode(p.value, false)}
	}
	slices.SortFunc(encoded, func(a, b pair) int {
		if d := strings.Compare(a.name, b.name); d != 0 {
			return d
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// writeHeader writes a header's values, trimmed, runs of spaces made one,
// several values joined by commas.
func writeHeader(b *strings.Builder, r *http.Request, name string) {
	switch name {
	case "host":
		b.WriteString(strings.TrimSpace(r.Host))
		return
	case "content-length":
		// Requests made by hand (and HTTP/2 ones) may lack the header's text.
		if r.Header.Get("Content-Length") == "" {
			if r.ContentLength >= 0 {
				b.WriteString(strconv.FormatInt(r.ContentLength, 10))
			}
			return
		}
	}
	for i, value := range r.Header.Values(name) {
		if i > 0 {
			b.WriteByte(',')
		}
		writeTrimmed(b, value)
	}
}

func writeTrimmed(b *strings.Builder, value string) {
	value = strings.Trim(value, " \t\r\n")
	if !strings.Contains(value, "  ") && !strings.ContainsAny(value, "\t\r\n") {
		b.WriteString(value)
		return
	}
	space := false
	for i := range len(value) {
		switch c := value[i]; c {
		case ' ', '\t', '\r', '\n':
			space = true
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteByte(c)
		}
	}
}

// encode is AWS's UriEncode: everything but unreserved characters, in upper-case
// hexadecimal; slashes are kept in a path.
func encode(s string, path bool) string {
	plain := true
	for i := range len(s) {
		if !unreserved(s[i]) && !(path && s[i] == '/') {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := range len(s) {
		switch c := s[i]; {
		case unreserved(c) || path && c == '/':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
