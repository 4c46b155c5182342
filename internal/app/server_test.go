package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waybill/internal/config"
	"waybill/internal/evidence"
)

// TestServerUnderTLS runs a whole server with a certificate that names another
// host: the service principal must still reach its own API, and only that.
func TestServerUnderTLS(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(dir, "data"), "127.0.0.1:0"
	cfg.TLS = selfSigned(t, dir)
	cfg.Organizations = []config.Organization{{
		Alias: "example", Domains: []string{"example.com"}, EventLogging: config.EventLogging{Declared: true, Mode: config.LoggingDefault},
	}}
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.URL(), "https://") {
		t.Errorf("URL %s", s.URL())
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	refused := evidence.Record{Source: "test", Host: "mx", Time: time.Now(), Fact: evidence.Rejected{
		Stage: "RCPT", Code: 550, EnhancedStatus: "5.1.1", Reason: "User unknown", Sender: "s@sender.test", Recipient: "nobody@example.com"}}
	if err := s.Sink("example", "test").Append(ctx, []evidence.Record{refused}); err != nil {
		t.Fatal(err)
	}
	waitPublished(t, s)
	metrics := get(t, s, "/metrics")
	if !strings.Contains(metrics, `waybill_events_published_total{organization="example"} 1`) || strings.Contains(metrics, "nobody@") {
		t.Errorf("metrics:\n%s", metrics)
	}
	if _, err := http.Get(s.URL() + "/healthz"); err == nil {
		t.Error("a client that does not know the certificate was content")
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "credentials")); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, s *Server, path string) string {
	t.Helper()
	resp, err := s.listener.client().Get(s.URL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// waitPublished polls the delivery state until one event is published.
func waitPublished(t *testing.T, s *Server) {
	t.Helper()
	limit := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		st, err := s.publisher.Status(t.Context(), s.correlators[0].organization)
		if err != nil {
			t.Fatal(err)
		}
		if st.Published == 1 {
			return
		}
		select {
		case <-limit:
			t.Fatalf("nothing published: %+v", st)
		case <-tick.C:
		}
	}
}

// selfSigned writes a certificate for another name and its key.
func selfSigned(t *testing.T, dir string) config.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "logs.example"}, DNSNames: []string{"logs.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for name, block := range map[string]*pem.Block{files.Certificate: {Type: "CERTIFICATE", Bytes: der}, files.Key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
