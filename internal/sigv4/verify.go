package sigv4

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// DefaultSkew is how far a request's date may be from ours: five minutes, as
// with most of AWS's services.
const DefaultSkew = 5 * time.Minute

const unsignedPayload = "UNSIGNED-PAYLOAD"

// Identity is what a verified signature proves.
type Identity struct {
	AccessKeyID  string
	SessionToken string
	// Region and Service are those of the credential scope. The caller must
	// still compare Service with the service it is.
	Region   string
	Service  string
	SignedAt time.Time
	// SignedHeaders are the names that the signature covers, lower case and sorted.
	SignedHeaders []string
	Presigned     bool
}

// Signed reports whether the signature covers the header.
func (id Identity) Signed(lowerCaseName string) bool {
	_, found := slices.BinarySearch(id.SignedHeaders, lowerCaseName)
	return found
}

// Lookup returns the secret of an access key. sessionToken is empty for
// long-term keys. It returns UnknownKey for a key that nobody has; its errors
// reach the caller of Verify as they are.
type Lookup func(ctx context.Context, accessKeyID, sessionToken string) (secret string, err error)

// Verifier checks signatures. It is safe for concurrent use; it keeps derived
// signing keys of the requests that verified, a bounded number of them.
type Verifier struct {
	skew time.Duration
	keys keyCache
}

// NewVerifier returns a Verifier; skew zero means DefaultSkew.
func NewVerifier(skew time.Duration) *Verifier {
	if skew == 0 {
		skew = DefaultSkew
	}
	return &Verifier{skew: skew}
}

// Verify checks that r, whose body was already read into body, is signed, now,
// by the key it names. Errors are *awserr.Error, except those that lookup makes.
func (v *Verifier) Verify(r *http.Request, body []byte, now time.Time, lookup Lookup) (Identity, error) {
	c, err := parse(r)
	if err != nil {
		return Identity{}, err
	}
	date, err := parseDate(c.date)
	if err != nil {
		return Identity{}, err
	}
	if err := v.checkTime(c, date, now.UTC()); err != nil {
		return Identity{}, err
	}
	if err := c.parseSignedHeaders(r); err != nil {
		return Identity{}, err
	}
	if c.algorithm != algorithm {
		return Identity{}, incomplete("Unsupported AWS 'algorithm': '%s' (only %s for now).", c.algorithm, algorithm)
	}
	if err := c.parseScope(date); err != nil {
		return Identity{}, err
	}
	hash, err := payloadHash(r, c, body)
	if err != nil {
		return Identity{}, err
	}
	secret, err := lookup(r.Context(), c.keyID, c.token)
	if err != nil {
		return Identity{}, err
	}
	if err := v.checkSignature(r, c, date, secret, hash); err != nil {
		return Identity{}, err
	}
	return Identity{
		AccessKeyID: c.keyID, SessionToken: c.token, Region: c.region, Service: c.service,
		SignedAt: date, SignedHeaders: c.headers, Presigned: c.presigned,
	}, nil
}

// checkTime holds for the header form that |now - date| is at most the skew,
// and for the presigned form that date - skew <= now <= date + expires.
// A presigned request without X-Amz-Expires lives as long as the header form.
func (v *Verifier) checkTime(c *claim, date, now time.Time) error {
	life := v.skew
	if c.presigned && c.expires > 0 {
		life = c.expires
	}
	now = now.Truncate(time.Second)
	if oldest := now.Add(-life); date.Before(oldest) {
		return mismatch("Signature expired: %s is now earlier than %s (%s - %s.)",
			date.Format(timeFormat), oldest.Format(timeFormat), now.Format(timeFormat), span(life))
	}
	if newest := now.Add(v.skew); date.After(newest) {
		return mismatch("Signature not yet current: %s is still later than %s (%s + %s.)",
			date.Format(timeFormat), newest.Format(timeFormat), now.Format(timeFormat), span(v.skew))
	}
	return nil
}

func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return strconv.Itoa(int(d/time.Minute)) + " min"
	}
	return strconv.Itoa(int(d/time.Second)) + " sec"
}

// payloadHash is the hash of what arrived; what the request says of it must agree.
func payloadHash(r *http.Request, c *claim, body []byte) (string, error) {
	said := r.Header.Get("X-Amz-Content-Sha256")
	if c.presigned {
		if inQuery, ok := find(c.query, "X-Amz-Content-Sha256"); ok {
			said = inQuery
		}
		if said == unsignedPayload {
			return said, nil
		}
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if said != "" && said != hash {
		return "", mismatch("The value of the x-amz-content-sha256 header, '%s', is not the SHA-256 of the body received, '%s'.", said, hash)
	}
	return hash, nil
}

func (v *Verifier) checkSignature(r *http.Request, c *claim, date time.Time, secret, hash string) error {
	canonical := c.canonicalRequest(r, hash)
	sum := sha256.Sum256([]byte(canonical))
	toSign := algorithm + "\n" + date.Format(timeFormat) + "\n" +
		c.scopeDate + "/" + c.region + "/" + c.service + "/" + terminator + "\n" + hex.EncodeToString(sum[:])

	id := keyID{c.keyID, c.scopeDate, c.region, c.service}
	key, cached := v.keys.get(id, secret)
	if !cached {
		key = signingKey(secret, c.scopeDate, c.region, c.service)
	}
	want := hex.EncodeToString(mac(key, toSign))
	if subtle.ConstantTimeCompare([]byte(want), []byte(c.signature)) != 1 {
		return mismatch("The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n"+
			"The Canonical String for this request should have been\n'%s'\n\nThe String-to-Sign should have been\n'%s'\n",
			shorten(canonical), toSign)
	}
	if !cached {
		v.keys.put(id, secret, key)
	}
	return nil
}

// shorten bounds what an error repeats of a request.
func shorten(s string) string {
	const most = 4 << 10
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

func signingKey(secret, date, region, service string) []byte {
	key := mac([]byte("AWS4"+secret), date)
	key = mac(key, region)
	key = mac(key, service)
	return mac(key, terminator)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
