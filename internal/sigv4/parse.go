package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
	dateFormat = "20060102"

	// MaxExpires is the longest life of a presigned request: seven days.
	MaxExpires = 7 * 24 * time.Hour

	maxAuthorization = 16 << 10
)

// claim is what a request says of its signature, before any of it is believed.
type claim struct {
	presigned bool
	algorithm string
	keyID     string
	scopeDate string
	region    string
	service   string
	headers   []string // names, lower case, sorted
	signature string
	token     string
	date      string // as sent
	expires   time.Duration
	query     []pair // decoded, in the order sent, without X-Amz-Signature

	credential string
	signedList string // SignedHeaders as sent
}

// Claimed reports whether a request says that it is signed by any version of
// AWS's scheme, without checking anything.
func Claimed(r *http.Request) bool {
	if strings.HasPrefix(strings.TrimSpace(r.Header.Get("Authorization")), "AWS4-") {
		return true
	}
	return strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm=")
}

func parse(r *http.Request) (*claim, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	auth := r.Header.Values("Authorization")
	inHeader := len(auth) > 0 && strings.HasPrefix(strings.TrimSpace(auth[0]), "AWS4-")
	_, inQuery := find(query, "X-Amz-Algorithm")
	switch {
	case len(auth) > 0 && inQuery:
		return nil, mismatch("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
	case inHeader && len(auth) > 1:
		return nil, incomplete("Authorization header must be given once.")
	case inHeader:
		return parseHeader(r, strings.TrimSpace(auth[0]), query)
	case inQuery:
		return parsePresigned(query)
	}
	return nil, missing()
}

func parseHeader(r *http.Request, auth string, query []pair) (*claim, error) {
	if len(auth) > maxAuthorization {
		return nil, incomplete("Authorization header is longer than %d bytes.", maxAuthorization)
	}
	c := &claim{query: query, token: r.Header.Get("X-Amz-Security-Token")}
	var rest string
	c.algorithm, rest, _ = strings.Cut(auth, " ")
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, incomplete("'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.", part, auth)
		}
		if _, twice := fields[name]; twice {
			return nil, incomplete("'%s' is given twice in Authorization header: '%s'.", name, auth)
		}
		fields[name] = value
	}
	c.credential, c.signature, c.signedList = fields["Credential"], fields["Signature"], fields["SignedHeaders"]
	if c.date = r.Header.Get("X-Amz-Date"); c.date == "" {
		c.date = r.Header.Get("Date")
	}
	var faults []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		// An empty list of headers is told of later, for lack of host.
		if value, given := fields[name]; !given || value == "" && name != "SignedHeaders" {
			faults = append(faults, "Authorization header requires '"+name+"' parameter.")
		}
	}
	if c.date == "" {
		faults = append(faults, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if len(faults) > 0 {
		return nil, incomplete("%s Authorization=%s", strings.Join(faults, " "), c.algorithm)
	}
	return c, nil
}

func parsePresigned(query []pair) (*claim, error) {
	c := &claim{presigned: true}
	values := map[string]string{}
	for _, p := range query {
		if strings.HasPrefix(p.name, "X-Amz-") {
			if _, twice := values[p.name]; twice {
				return nil, incomplete("AWS query-string parameter '%s' is given twice.", p.name)
			}
			values[p.name] = p.value
		}
		if p.name != "X-Amz-Signature" {
			c.query = append(c.query, p)
		}
	}
	c.algorithm, c.credential = values["X-Amz-Algorithm"], values["X-Amz-Credential"]
	c.signature, c.signedList = values["X-Amz-Signature"], values["X-Amz-SignedHeaders"]
	c.date, c.token = values["X-Amz-Date"], values["X-Amz-Security-Token"]
	var faults []string
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if values[name] == "" {
			faults = append(faults, "AWS query-string parameters must include '"+name+"'.")
		}
	}
	if len(faults) > 0 {
		return nil, incomplete("%s Re-examine the query-string parameters.", strings.Join(faults, " "))
	}
	expires, given := values["X-Amz-Expires"]
	if !given {
		return c, nil
	}
	n, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || n < 1 || n > int64(MaxExpires/time.Second) {
		return nil, incomplete("X-Amz-Expires must be a number of seconds from 1 to %d, got '%s'.", int64(MaxExpires/time.Second), expires)
	}
	c.expires = time.Duration(n) * time.Second
	return c, nil
}

// parseScope splits the credential, and says all that is wrong with it at once,
// as AWS does. date is the request's.
func (c *claim) parseScope(date time.Time) error {
	parts := strings.Split(strings.TrimSuffix(c.credential, "/"), "/")
	if len(parts) != 5 || parts[0] == "" {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", c.credential)
	}
	c.keyID, c.scopeDate, c.region, c.service = parts[0], parts[1], parts[2], parts[3]
	var faults []string
	if !isName(c.region) {
		faults = append(faults, "Credential should be scoped to a valid region, not '"+c.region+"'.")
	}
	if !isName(c.service) {
		faults = append(faults, "Credential should be scoped to a valid service, not '"+c.service+"'.")
	}
	if parts[4] != terminator {
		faults = append(faults, "Credential should be scoped with a valid terminator: '"+terminator+"', not '"+parts[4]+"'.")
	}
	if want := date.Format(dateFormat); c.scopeDate != want {
		faults = append(faults, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
			c.scopeDate+"' != '"+want+"', from '"+date.Format(timeFormat)+"'.")
	}
	if len(faults) > 0 {
		return mismatch("%s", strings.Join(faults, " "))
	}
	return nil
}

// isName keeps Regions and services to the letters that ARNs are built of.
func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, b := range []byte(s) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
			return false
		}
	}
	return true
}

// parseSignedHeaders checks that what must be signed is.
func (c *claim) parseSignedHeaders(r *http.Request) error {
	for name := range strings.SplitSeq(c.signedList, ";") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			c.headers = append(c.headers, name)
		}
	}
	slices.Sort(c.headers)
	c.headers = slices.Compact(c.headers)
	if !slices.Contains(c.headers, "host") {
		return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	var unsigned []string
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(c.headers, name) {
			unsigned = append(unsigned, name)
		}
	}
	if len(unsigned) > 0 {
		slices.Sort(unsigned)
		return mismatch("'%s' must be a 'SignedHeader' in the AWS Authorization.", unsigned[0])
	}
	return nil
}

// parseDate reads ISO 8601 basic format, which every SDK sends, and the HTTP
// date that a plain Date header has.
func parseDate(s string) (time.Time, error) {
	if t, err := time.Parse(timeFormat, s); err == nil && len(s) == len(timeFormat) {
		return t, nil // Parse alone would take a fraction after the seconds
	}
	if t, err := http.ParseTime(s); err == nil {
		return t.UTC(), nil
	}
	return time.Time{}, incomplete("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", s)
}

type pair struct{ name, value string }

func find(query []pair, name string) (string, bool) {
	for _, p := range query {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// parseQuery keeps order, duplicates and parameters without "=", which
// url.ParseQuery does not.
func parseQuery(raw string) ([]pair, error) {
	if raw == "" {
		return nil, nil
	}
	var query []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			e := incomplete("The query string contains a syntax error: %v", err)
			e.Code = CodeMalformedForm
			return nil, e
		}
		query = append(query, pair{n, value})
	}
	return query, nil
}
