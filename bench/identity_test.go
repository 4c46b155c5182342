package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// BenchmarkGetCallerIdentity is the cost of a call that does nothing: HTTP over
// loopback, signature, decision, audit, answer. The SDK's client signs each
// request and shares the process; the ready one sends a request signed before.
func BenchmarkGetCallerIdentity(b *testing.B) {
	r := server(b)
	b.Run("sdk", func(b *testing.B) {
		client := sts.NewFromConfig(r.aws)
		for b.Loop() {
			if _, err := client.GetCallerIdentity(b.Context(), &sts.GetCallerIdentityInput{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ready", func(b *testing.B) {
		const body = "Action=GetCallerIdentity&Version=2011-06-15"
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.URL()+"/", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		sum := sha256.Sum256([]byte(body))
		keys, err := r.aws.Credentials.Retrieve(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := v4.NewSigner().SignHTTP(b.Context(), keys, request, hex.EncodeToString(sum[:]), "sts", r.aws.Region, time.Now()); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			request.Body = io.NopCloser(strings.NewReader(body))
			resp, err := http.DefaultClient.Do(request)
			if err != nil {
				b.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Fatalf("%s %s %v", resp.Status, text, err)
			}
			_ = resp.Body.Close()
		}
	})
}
