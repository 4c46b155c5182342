package iamapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	stsapi "waybill/internal/api/sts"
	"waybill/internal/iam"
	"waybill/internal/iam/seal"
	"waybill/internal/store"
)

const (
	account = "111122223333"
	other   = "444455556666"
	region  = "us-east-1"
)

// server is the real door over the real identities; only its audit is the test's.
type server struct {
	url   string
	iam   *iam.Service
	admin iam.Credentials
	// credentials are those of the users that user made, by name.
	credentials map[string]iam.Credentials
}

func newServer(t testing.TB) *server {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	folder := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(folder, "meta.db"), quiet)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	ring, err := seal.OpenFile(filepath.Join(folder, "key"))
	must(t, err)
	s, err := iam.New(iam.Options{DB: db, Keyring: ring, Logger: quiet})
	must(t, err)
	first, err := s.Bootstrap(t.Context(), account, region)
	must(t, err)
	registry, err := api.NewRegistry(iamapi.Operations(s), stsapi.Operations(s))
	must(t, err)
	v := &server{iam: s, admin: first.Credentials, credentials: map[string]iam.Credentials{}}
	door, err := api.NewDoor(api.Config{Registry: registry, Authenticator: s, Authorizer: s, Auditor: v, Logger: quiet})
	must(t, err)
	h := httptest.NewServer(door)
	t.Cleanup(h.Close)
	v.url = h.URL
	return v
}

// Record implements api.Auditor.
func (v *server) Record(_ context.Context, r api.Record) {
	v.iam.NoteKeyUse(r.Call.Caller.AccessKeyID, iam.KeyUse{At: r.Call.Time, Service: r.Service, Region: r.Call.Region})
}

func (v *server) config(c iam.Credentials) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &v.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.Secret, "")}
}

func (v *server) client(c iam.Credentials) *sdk.Client    { return sdk.NewFromConfig(v.config(c)) }
func (v *server) stsClient(c iam.Credentials) *sts.Client { return sts.NewFromConfig(v.config(c)) }

// administer returns a client of the administrator.
func (v *server) administer() *sdk.Client { return v.client(v.admin) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ok is must for calls that answer something.
func ok[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// wantError checks HTTP status, code and whole text of a refusal.
func wantError(t testing.TB, err error, status int, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s %q", err, code, text)
		return
	}
	var h *awshttp.ResponseError
	errors.As(err, &h)
	if e.ErrorCode() != code || e.ErrorMessage() != text || h.HTTPStatusCode() != status {
		t.Errorf("got %d %s %q\nwant %d %s %q", h.HTTPStatusCode(), e.ErrorCode(), e.ErrorMessage(), status, code, text)
	}
}

// recent checks a time that the server has just set.
func recent(t testing.TB, what string, at *time.Time) {
	t.Helper()
	if at == nil || time.Since(*at).Abs() > time.Minute {
		t.Errorf("%s is %v, want now", what, at)
	}
}

const trustEvents = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// user makes a user with a key and, if there are any, statements of a policy.
func (v *server) user(t testing.TB, name, statements string) *sdk.Client {
	t.Helper()
	ok(v.iam.CreateUser(t.Context(), account, iam.NewUser{Name: name}))(t)
	if statements != "" {
		must(t, v.iam.PutPolicy(t.Context(), iam.Owner{Kind: iam.KindUser, Account: account, Name: name}, "given",
			`{"Version":"2012-10-17","Statement":[`+statements+`]}`))
	}
	v.credentials[name] = ok(v.iam.CreateAccessKey(t.Context(), account, name))(t)
	return v.client(v.credentials[name])
}

// post sends a signed form that no SDK would send.
func (v *server) post(t testing.TB, c iam.Credentials, form url.Values) (status int, body string) {
	t.Helper()
	form.Set("Version", "2010-05-08")
	text := form.Encode()
	request := ok(http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+"/", strings.NewReader(text)))(t)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	sum := sha256.Sum256([]byte(text))
	must(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret}, request,
		hex.EncodeToString(sum[:]), "iam", region, time.Now()))
	resp := ok(http.DefaultClient.Do(request))(t)
	defer resp.Body.Close()
	return resp.StatusCode, string(ok(io.ReadAll(resp.Body))(t))
}

func csvRows(t testing.TB, content []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	must(t, err)
	return rows
}

func isDenied(err error) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == "AccessDenied"
}
