package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// BenchmarkGetCallerIdentity measures a signed call end to end through the Go
// SDK, client and server in one process: by a user's key, and by a role session's,
// whose token the server opens. The ready one sends a request signed before: what
// is left is HTTP and the server's cost.
func BenchmarkGetCallerIdentity(b *testing.B) {
	r := server(b)
	user := sts.NewFromConfig(r.aws)
	b.Run("user", func(b *testing.B) { callerIdentity(b, user) })

	_, err := iam.NewFromConfig(r.aws).CreateRole(b.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		b.Fatal(err)
	}
	out, err := user.AssumeRole(b.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/r"), RoleSessionName: aws.String("bench")})
	if err != nil {
		b.Fatal(err)
	}
	c := r.aws.Copy()
	c.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	b.Run("session", func(b *testing.B) { callerIdentity(b, sts.NewFromConfig(c)) })
	b.Run("ready", func(b *testing.B) { readyIdentity(b, r) })
}

func callerIdentity(b *testing.B, c *sts.Client) {
	for b.Loop() {
		if _, err := c.GetCallerIdentity(b.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			b.Fatal(err)
		}
	}
}

func readyIdentity(b *testing.B, r *running) {
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.URL()+"/", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	keys, err := r.aws.Credentials.Retrieve(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
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
}
