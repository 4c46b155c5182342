package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"

	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/sigv4"
)

// MaxBody is the largest request body, as received and after decompression, in
// bytes, of all operations but those that say otherwise. The largest of them,
// PutLogEvents, carries 1,048,576 bytes of events, which JSON's escapes can make
// six times as many.
const MaxBody = 8 << 20

// maxHeader bounds all header names and values together, in bytes.
const maxHeader = 64 << 10

// Authenticator knows the access keys.
type Authenticator interface {
	// Authenticate returns the secret that belongs to an access key, and whose it
	// is. sessionToken is empty for long-term keys. A key that nobody has is the
	// error sigv4.UnknownKey; a session past its end is an *awserr.Error with
	// code ExpiredToken.
	Authenticate(ctx context.Context, accessKeyID, sessionToken string) (secret string, p iam.Principal, err error)
}

// Authorizer decides by all policies that apply to a principal and a resource.
type Authorizer interface {
	// Authorize evaluates one action on one resource. condition holds the
	// request's condition keys; those that come from the principal
	// (aws:PrincipalArn, aws:userid, ...) are the Authorizer's to add.
	Authorize(ctx context.Context, p iam.Principal, action, resource string, condition policy.Context) (policy.Decision, error)
}

// Auditor is told of every call of a known operation, permitted or not, once,
// after it was handled, and of those whose caller could not be authenticated.
type Auditor interface {
	Record(ctx context.Context, r Record)
}

// Record is what there is to audit of a call. A caller without a Type could not
// be authenticated: its AccessKeyID is a claim.
type Record struct {
	Call      Call
	Service   string
	Operation string
	// Input and Output are the operation's own structs, with payloads and secrets;
	// nil if it did not come to them. An Auditor must take only members that it
	// knows to be harmless and must not keep the rest.
	Input, Output any
	// Needs are the permissions asked for; nil if the input named no resource.
	Needs []Need
	// Decision is the refusal, or the last of the permissions.
	Decision policy.Decision
	// ErrorCode is that of the *awserr.Error, before the protocol's own spelling
	// (AccessDenied, never AccessDeniedException, from the door); empty for success.
	ErrorCode string
	// ErrorMessage may repeat what the caller sent.
	ErrorMessage string
	Duration     time.Duration
}

// Config is what a Door is made of. Now may be nil, Skew and Limits zero; all else is needed.
type Config struct {
	Registry      *Registry
	Authenticator Authenticator
	Authorizer    Authorizer
	Auditor       Auditor
	Logger        *slog.Logger
	// Region is that of calls that are not signed for one.
	Region string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Skew is how far a client's clock may be off; zero means sigv4.DefaultSkew.
	Skew time.Duration
	// Limits keep clients from taking the whole server.
	Limits Limits
}

// Door is the one way to the operations: over HTTP as an http.Handler that
// speaks AWS's protocols, and in-process through Invoke. It is safe for
// concurrent use.
type Door struct {
	Config
	verifier *sigv4.Verifier
	limiter  *limiter
}

// NewDoor returns a door to the registered operations.
func NewDoor(c Config) (*Door, error) {
	switch {
	case c.Registry == nil:
		return nil, errors.New("make the API door: no registry")
	case c.Authenticator == nil || c.Authorizer == nil || c.Auditor == nil:
		return nil, errors.New("make the API door: authenticator, authorizer and auditor are all needed")
	case c.Logger == nil:
		return nil, errors.New("make the API door: no logger")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Door{Config: c, verifier: sigv4.NewVerifier(c.Skew), limiter: newLimiter(c.Limits, c.Registry.maxBody())}, nil
}

// NewRequestID returns a random UUID (RFC 9562, version 4).
func NewRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := make([]byte, 0, 36)
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}
