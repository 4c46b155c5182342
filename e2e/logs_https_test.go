package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// authority is a certificate authority of the test's own and a server certificate
// by it, for localhost and the name that live tails ask for.
type authority struct {
	caFile, certificate, key string
	pool                     *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	dir := t.TempDir()
	a := &authority{filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()}
	year := func(c *x509.Certificate) *x509.Certificate {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
		return c
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	ca := year(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}})
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	ok(t, err)
	parsed, err := x509.ParseCertificate(caDER)
	ok(t, err)
	a.pool.AddCert(parsed)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	der, err := x509.CreateCertificate(rand.Reader, year(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: []string{"localhost", "stream-localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}), parsed, &key.PublicKey, caKey)
	ok(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	ok(t, err)
	for file, block := range map[string]*pem.Block{
		a.caFile: {Type: "CERTIFICATE", Bytes: caDER}, a.certificate: {Type: "CERTIFICATE", Bytes: der}, a.key: {Type: "EC PRIVATE KEY", Bytes: keyDER},
	} {
		ok(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
	return a
}

// serveTLS starts Waybill with the authority's certificate.
func serveTLS(t *testing.T, a *authority) *server {
	t.Helper()
	path, err := binary()
	ok(t, err)
	port := freePort(t)
	file := filepath.Join(t.TempDir(), "waybill.toml")
	ok(t, os.WriteFile(file, []byte(fmt.Sprintf("[tls]\ncertificate = %q\nkey = %q\n", a.certificate, a.key)), 0o600))
	s := &server{URL: fmt.Sprintf("https://localhost:%d", port), Data: t.TempDir()}
	s.output = filepath.Join(t.TempDir(), "waybill.log")
	s.process = startProcess(t, exec.Command(path, "serve", "--config", file, "--data", s.Data, "--listen", fmt.Sprintf("127.0.0.1:%d", port)), s.output)
	waitPort(t, port)
	return s
}

// TestAWriterThatInsistsOnHTTPS takes the steps of Docker's awslogs driver and of
// Fluent Bit: a stream first, a group when there is none, then batches; over
// TLS, with an authority of its own, and nothing else.
func TestAWriterThatInsistsOnHTTPS(t *testing.T) {
	a := newAuthority(t)
	s := serveTLS(t, a)
	transport := aliased()
	transport.TLSClientConfig = &tls.Config{RootCAs: a.pool, MinVersion: tls.VersionTLS12}
	transport.ForceAttemptHTTP2 = true
	c := s.sdk(t, transport)
	ctx := t.Context()
	group, stream := aws.String("/docker/mail"), aws.String("container/1")
	createStream := func() error {
		_, err := c.CreateLogStream(ctx, &cwl.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
		return err
	}
	var missing *types.ResourceNotFoundException
	if err := createStream(); !errors.As(err, &missing) {
		t.Fatalf("error %v", err)
	}
	_, err := c.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: group})
	ok(t, err)
	_, err = c.PutRetentionPolicy(ctx, &cwl.PutRetentionPolicyInput{LogGroupName: group, RetentionInDays: aws.Int32(7)})
	ok(t, err)
	ok(t, createStream())
	var exists *types.ResourceAlreadyExistsException
	if err := createStream(); !errors.As(err, &exists) {
		t.Fatalf("error %v", err)
	}
	var token *string
	for i := range 3 {
		out, err := c.PutLogEvents(ctx, &cwl.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, SequenceToken: token,
			LogEvents: eventsAt(time.Now(), fmt.Sprintf("batch %d", i))})
		ok(t, err)
		token = out.NextSequenceToken
	}

	// The CLI trusts the authority by --ca-bundle, and does not without it.
	if out, err := s.tryAWS(t, "--ca-bundle", a.caFile, "logs", "tail", "/docker/mail", "--format", "short"); err != nil || strings.Count(out, "batch") != 3 {
		t.Errorf("tail: %v\n%s", err, out)
	}
	if out, err := s.tryAWS(t, "logs", "tail", "/docker/mail"); err == nil || !strings.Contains(out, "CERTIFICATE_VERIFY_FAILED") {
		t.Errorf("an unknown authority was trusted: %v\n%s", err, out)
	}
	// A plain request is refused by the listener itself.
	if resp, err := http.Get("http" + strings.TrimPrefix(s.URL, "https") + "/healthz"); err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP was answered with %s", resp.Status)
		}
	}

	// A live tail over TLS and HTTP/2, at the name that the certificate has for it.
	out, err := c.StartLiveTail(ctx, &cwl.StartLiveTailInput{LogGroupIdentifiers: []string{"arn:aws:logs:" + region + ":" + account + ":log-group:/docker/mail"}})
	ok(t, err)
	defer out.GetStream().Close()
	for n := 0; n < 3; n++ { // the start and two seconds' updates
		select {
		case e, open := <-out.GetStream().Events():
			if !open {
				t.Fatalf("the session has ended: %v", out.GetStream().Err())
			}
			if _, started := e.(*types.StartLiveTailResponseStreamMemberSessionStart); started != (n == 0) {
				t.Errorf("event %d is a %T", n, e)
			}
		case <-time.After(patience):
			t.Fatal("no event")
		}
	}
}
