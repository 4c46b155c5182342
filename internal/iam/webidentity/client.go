package webidentity

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// timeout bounds one request to a provider.
	timeout = 5 * time.Second
	// maxAnswer is the largest discovery document or key set.
	maxAnswer    = 1 << 20
	maxRedirects = 3
	// pause is how long an answer is used again: callers are not authenticated
	// yet, so they must not be able to make Waybill send more requests than that.
	pause = 5 * time.Second
)

// errThumbprint says that neither this machine nor the thumbprints vouch for a
// provider's certificate.
var errThumbprint = errors.New("the certificate is of no trusted authority and matches no thumbprint")

// newClient returns a client for one provider.
func newClient(thumbprints []string, now func() time.Time) *http.Client {
	dialer := &net.Dialer{Timeout: timeout}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, // by a proxy only this machine's authorities are trusted
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			d := tls.Dialer{NetDialer: dialer, Config: &tls.Config{
				ServerName: host, MinVersion: tls.VersionTLS12,
				InsecureSkipVerify: true, // replaced by the check below
				VerifyConnection: func(state tls.ConnectionState) error {
					return trust(state.PeerCertificates, host, thumbprints)
				},
			}}
			return d.DialContext(ctx, network, addr)
		},
		TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 1,
	}
	return &http.Client{
		Transport: &sparing{base: transport, now: now, answers: map[string]*answer{}},
		Timeout:   timeout,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirections", maxRedirects)
			}
			return nil
		},
	}
}

// trust checks a chain, the server's certificate first, for a host name or address.
func trust(chain []*x509.Certificate, host string, thumbprints []string) error {
	options := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(options)
	if err == nil {
		return nil
	}
	options.Roots = x509.NewCertPool()
	matched := false
	for _, c := range chain {
		sum := sha1.Sum(c.Raw)
		if slices.ContainsFunc(thumbprints, func(t string) bool { return strings.EqualFold(t, hex.EncodeToString(sum[:])) }) {
			options.Roots.AddCert(c)
			matched = true
		}
	}
	var unknown x509.UnknownAuthorityError
	if !matched && errors.As(err, &unknown) {
		return errThumbprint
	}
	if matched {
		_, err = chain[0].Verify(options)
	}
	return err
}

// sparing sends a request to an address at most once in a pause and gives the
// same answer in between.
type sparing struct {
	base http.RoundTripper
	now  func() time.Time

	mu      sync.Mutex
	answers map[string]*answer // by URL; guarded by mu
}

type answer struct {
	at       time.Time
	response http.Response
	body     []byte
	err      error
}

// RoundTrip implements http.RoundTripper.
func (s *sparing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, fmt.Errorf("%s is not reached by HTTPS", r.URL.Redacted())
	}
	s.mu.Lock()
	defer s.mu.Unlock() // waiting for another's request is waiting for the same answer
	url := r.URL.String()
	a := s.answers[url]
	if a == nil || s.now().Sub(a.at).Abs() >= pause {
		a = s.ask(r)
		s.answers[url] = a
	}
	if a.err != nil {
		return nil, a.err
	}
	again := a.response
	again.Body, again.Request = io.NopCloser(bytes.NewReader(a.body)), r
	return &again, nil
}

func (s *sparing) ask(r *http.Request) *answer {
	a := &answer{at: s.now()}
	// Others get this answer too, so it must not depend on one caller's patience.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), timeout)
	defer cancel()
	response, err := s.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		a.err = err
		return a
	}
	defer response.Body.Close()
	a.response = *response
	a.body, a.err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if len(a.body) > maxAnswer {
		a.err = fmt.Errorf("the answer of %s is larger than %d bytes", r.URL.Redacted(), maxAnswer)
	}
	return a
}
