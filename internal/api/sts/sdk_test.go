package stsapi_test

//lint:file-ignore SA1019 older clients read PackedPolicySize, which newer SDKs call deprecated

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	stsapi "waybill/internal/api/sts"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/iam/seal"
	"waybill/internal/store"
)

const (
	account = "111122223333"
	partner = "444455556666"
	region  = "eu-west-1"
)

// server is the real door over the real identity service.
type server struct {
	url     string
	iam     *iam.Service
	records recorder
	ahead   time.Duration // of the server's clock; set before a call
}

// recorder keeps what was audited.
type recorder struct {
	mu   sync.Mutex
	list []api.Record // guarded by mu
}

func (r *recorder) Record(_ context.Context, record api.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, record)
}

func (r *recorder) last(t *testing.T) api.Record {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == 0 {
		t.Fatal("nothing was audited")
	}
	return r.list[len(r.list)-1]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newServer(t *testing.T) *server {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	folder := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(folder, "meta.db"), quiet)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	ring, err := seal.OpenFile(filepath.Join(folder, "key"))
	must(t, err)
	s := &server{}
	now := func() time.Time { return time.Now().Add(s.ahead) }
	s.iam, err = iam.New(iam.Options{DB: db, Keyring: ring, Logger: quiet, Now: now})
	must(t, err)
	registry, err := api.NewRegistry(stsapi.Operations(s.iam), iamapi.Operations(s.iam))
	must(t, err)
	// The SDKs sign with the machine's clock, so that of the server may be far ahead of it.
	door, err := api.NewDoor(api.Config{Registry: registry, Authenticator: s.iam, Authorizer: s.iam, Auditor: &s.records,
		Logger: quiet, Now: now, Skew: 100 * time.Hour, Region: region})
	must(t, err)
	h := httptest.NewServer(door)
	t.Cleanup(h.Close)
	s.url = h.URL
	for _, a := range []string{account, partner} {
		must(t, s.iam.CreateAccount(t.Context(), a))
	}
	return s
}

func (s *server) config(key, secret, token string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &s.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token)}
}

// user makes a user with a policy of the given statements and a client of theirs.
func (s *server) user(t *testing.T, account, name, statements string) (*sts.Client, iam.Credentials) {
	t.Helper()
	_, err := s.iam.CreateUser(t.Context(), account, iam.NewUser{Name: name})
	must(t, err)
	if statements != "" {
		must(t, s.iam.PutPolicy(t.Context(), iam.Owner{Kind: iam.KindUser, Account: account, Name: name}, "p", document(statements)))
	}
	key, err := s.iam.CreateAccessKey(t.Context(), account, name)
	must(t, err)
	return sts.NewFromConfig(s.config(key.AccessKeyID, key.Secret, "")), key
}

// as returns a client of a session.
func (s *server) as(c *types.Credentials) *sts.Client {
	return sts.NewFromConfig(s.config(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
}

func document(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

func (s *server) role(t *testing.T, account, name, trust string) string {
	t.Helper()
	r, err := s.iam.CreateRole(t.Context(), account, iam.NewRole{Name: name, Trust: document(trust), MaxSession: 2 * time.Hour})
	must(t, err)
	return r.ARN()
}

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s", err, code)
		return
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("error %s: %s\nwant  %s: ...%s...", e.ErrorCode(), e.ErrorMessage(), code, text)
	}
}

const (
	allowAssume = `{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],"Resource":"*"}`
	trustOwn    = `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}`
)

func TestAssumeRole(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	c, _ := s.user(t, account, "alice", allowAssume)
	role := s.role(t, account, "r", trustOwn)
	out, err := c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work"), DurationSeconds: aws.Int32(7200),
		SourceIdentity: aws.String("alice"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("mail")}}, TransitiveTagKeys: []string{"team"},
		Policy: aws.String(document(allowAssume)), PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}}})
	must(t, err)
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/r/work" || *out.SourceIdentity != "alice" || aws.ToInt32(out.PackedPolicySize) < 1 {
		t.Errorf("%+v, source identity %v, packed %v", out.AssumedRoleUser, out.SourceIdentity, out.PackedPolicySize)
	}
	if left := time.Until(*out.Credentials.Expiration); left < 7190*time.Second || left > 7200*time.Second {
		t.Errorf("expires in %v", left)
	}
	id, err := s.as(out.Credentials).GetCallerIdentity(ctx, nil)
	must(t, err)
	if *id.Arn != *out.AssumedRoleUser.Arn || *id.UserId != *out.AssumedRoleUser.AssumedRoleId || *id.Account != account {
		t.Errorf("%+v", id)
	}
	plain, err := c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work")})
	must(t, err)
	if plain.PackedPolicySize != nil || plain.SourceIdentity != nil {
		t.Errorf("packed %v, source identity %v of a plain session", plain.PackedPolicySize, plain.SourceIdentity)
	}
	_, err = c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("a:b")})
	wantError(t, err, "ValidationError", `1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`)
	_, err = c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:user/r"), RoleSessionName: aws.String("work")})
	wantError(t, err, "ValidationError", "arn:aws:iam::111122223333:user/r is invalid")
	_, err = c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work"),
		SerialNumber: aws.String("arn:aws:iam::111122223333:mfa/alice"), TokenCode: aws.String("123456")})
	wantError(t, err, "AccessDenied", "MultiFactorAuthentication failed")
	var malformed *types.MalformedPolicyDocumentException
	_, err = c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work"), Policy: aws.String("{")})
	if !errors.As(err, &malformed) {
		t.Errorf("error %v", err)
	}
}

// TestTrustConditions asks for one session after another under a trust policy
// with a condition on what the request carries.
func TestTrustConditions(t *testing.T) {
	s := newServer(t)
	c, _ := s.user(t, account, "alice", allowAssume)
	const actions = `"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	tag := []types.Tag{{Key: aws.String("team"), Value: aws.String("mail")}}
	for i, x := range []struct {
		condition string
		change    func(*sts.AssumeRoleInput)
		allowed   bool
	}{
		{`"StringEquals":{"sts:ExternalId":"secret-1"}`, func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("secret-1") }, true},
		{`"StringEquals":{"sts:ExternalId":"secret-1"}`, func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("secret-2") }, false},
		{`"StringEquals":{"sts:ExternalId":"secret-1"}`, func(*sts.AssumeRoleInput) {}, false},
		{`"StringLike":{"sts:RoleSessionName":"${aws:username}"}`, func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("alice") }, true},
		{`"StringLike":{"sts:RoleSessionName":"${aws:username}"}`, func(*sts.AssumeRoleInput) {}, false},
		{`"StringEquals":{"sts:SourceIdentity":"alice"}`, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("alice") }, true},
		{`"StringEquals":{"sts:SourceIdentity":"alice"}`, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("bob") }, false},
		{`"StringEquals":{"aws:RequestTag/Team":"mail"}`, func(in *sts.AssumeRoleInput) { in.Tags = tag }, true},
		{`"StringEquals":{"aws:RequestTag/Team":"mail"}`, func(*sts.AssumeRoleInput) {}, false},
		{`"ForAllValues:StringEquals":{"aws:TagKeys":["cost"]}`, func(in *sts.AssumeRoleInput) { in.Tags = tag }, false},
		{`"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"team"}`, func(in *sts.AssumeRoleInput) { in.Tags, in.TransitiveTagKeys = tag, []string{"team"} }, true},
		{`"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"team"}`, func(in *sts.AssumeRoleInput) { in.Tags = tag }, false},
		{`"NumericLessThan":{"sts:DurationSeconds":"1000"}`, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(900) }, true},
		{`"NumericLessThan":{"sts:DurationSeconds":"1000"}`, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(1800) }, false},
	} {
		role := s.role(t, account, "r"+string(rune('a'+i)), `{"Effect":"Allow","Principal":{"AWS":"111122223333"},`+actions+`,"Condition":{`+x.condition+`}}`)
		in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work")}
		x.change(in)
		_, err := c.AssumeRole(t.Context(), in)
		if (err == nil) != x.allowed {
			t.Errorf("%d: %s: %v, want allowed %v", i, x.condition, err, x.allowed)
		}
		if err != nil {
			wantError(t, err, "AccessDenied", "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:")
		}
	}
}

func TestTagsAndSourceIdentityNeedPermissionsOfTheirOwn(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	c, _ := s.user(t, account, "alice", allowAssume)
	bare := s.role(t, account, "bare", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`)
	full := s.role(t, account, "full", trustOwn)
	must(t, s.iam.PutPolicy(ctx, iam.Owner{Kind: iam.KindRole, Account: account, Name: "full"}, "p", document(allowAssume)))
	_, err := c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &bare, RoleSessionName: aws.String("work"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	wantError(t, err, "AccessDenied", "is not authorized to perform: sts:TagSession on resource: "+bare)
	_, err = c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &bare, RoleSessionName: aws.String("work"), SourceIdentity: aws.String("alice")})
	wantError(t, err, "AccessDenied", "is not authorized to perform: sts:SetSourceIdentity on resource: "+bare)

	// What a chain inherits needs them too.
	out, err := c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &full, RoleSessionName: aws.String("work"), SourceIdentity: aws.String("alice")})
	must(t, err)
	chained := s.as(out.Credentials)
	_, err = chained.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &bare, RoleSessionName: aws.String("next")})
	wantError(t, err, "AccessDenied", "is not authorized to perform: sts:SetSourceIdentity on resource: "+bare)
	_, err = chained.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &full, RoleSessionName: aws.String("next"), SourceIdentity: aws.String("bob")})
	wantError(t, err, "AccessDenied", "source identity")
	next, err := chained.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &full, RoleSessionName: aws.String("next")})
	must(t, err)
	if *next.SourceIdentity != "alice" {
		t.Errorf("source identity %q", *next.SourceIdentity)
	}
	_, err = chained.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &full, RoleSessionName: aws.String("next"), DurationSeconds: aws.Int32(3601)})
	wantError(t, err, "ValidationError", "exceeds the 1 hour session limit for roles assumed by role chaining")
}

func TestAcrossAccounts(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	alice, _ := s.user(t, account, "alice", allowAssume)
	mallory, _ := s.user(t, account, "mallory", "")
	open := s.role(t, partner, "open", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x-1"}}}`)
	closed := s.role(t, partner, "closed", `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}`)
	out, err := alice.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &open, RoleSessionName: aws.String("visit"), ExternalId: aws.String("x-1")})
	must(t, err)
	id, err := s.as(out.Credentials).GetCallerIdentity(ctx, nil)
	must(t, err)
	if *id.Account != partner {
		t.Errorf("%+v", id)
	}
	for who, c := range map[string]*sts.Client{"alice": alice, "mallory": mallory} {
		role := closed
		if who == "mallory" {
			role = open // the trust policy lets the account in, the account does not let mallory
		}
		_, err := c.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("visit"), ExternalId: aws.String("x-1")})
		wantError(t, err, "AccessDenied", "User: arn:aws:iam::111122223333:user/"+who+" is not authorized to perform: sts:AssumeRole on resource: "+role)
	}
}

func TestGetSessionToken(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	c, key := s.user(t, account, "alice", `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	role := s.role(t, account, "r", trustOwn)
	out, err := c.GetSessionToken(ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(129600)})
	must(t, err)
	session := s.as(out.Credentials)
	id, err := session.GetCallerIdentity(ctx, nil)
	must(t, err)
	if *id.Arn != "arn:aws:iam::111122223333:user/alice" {
		t.Errorf("%s", *id.Arn)
	}
	if _, err := session.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work")}); err != nil {
		t.Error(err)
	}
	_, err = session.GetSessionToken(ctx, nil)
	wantError(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	_, err = awsiam.NewFromConfig(s.config(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)).ListRoles(ctx, nil)
	wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid")
	if r := s.records.last(t); r.Operation != "ListRoles" || r.ErrorCode != "InvalidClientTokenId" || r.Call.Caller.Name != "alice" {
		t.Errorf("audited %+v", r)
	}
	_, err = c.GetSessionToken(ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(129601)})
	wantError(t, err, "ValidationError", "1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600")
	_, err = c.GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: aws.String("GAHT12345678"), TokenCode: aws.String("123456")})
	wantError(t, err, "AccessDenied", "MultiFactorAuthentication failed")

	s.ahead = 36*time.Hour + time.Second
	_, err = session.GetCallerIdentity(ctx, nil)
	wantError(t, err, "ExpiredToken", "The security token included in the request is expired")
	s.ahead = 0
	must(t, s.iam.SetAccessKeyActive(ctx, account, "alice", key.AccessKeyID, false))
	_, err = session.GetCallerIdentity(ctx, nil)
	wantError(t, err, "InvalidClientTokenId", "")
}

func TestGetAccessKeyInfo(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	c, key := s.user(t, account, "alice", `{"Effect":"Allow","Action":"sts:GetAccessKeyInfo","Resource":"*"}`)
	_, foreign := s.user(t, partner, "bob", "")
	out, err := c.GetSessionToken(ctx, nil)
	must(t, err)
	for id, want := range map[string]string{key.AccessKeyID: account, foreign.AccessKeyID: partner, *out.Credentials.AccessKeyId: account} {
		info, err := c.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if err != nil || *info.Account != want {
			t.Errorf("%s: %+v, %v, want %s", id, info, err, want)
		}
	}
	for id, text := range map[string]string{
		"AKIAAAAAAAAAAAAAAAAA": "Invalid Access Key ID",
		"short":                "Value 'short' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16",
		"AKIA-AAAAAAAAAAAAAAA": `Member must satisfy regular expression pattern: [\w]*`,
	} {
		_, err := c.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		wantError(t, err, "ValidationError", text)
	}
	nobody, _ := s.user(t, account, "mallory", "")
	_, err = nobody.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &key.AccessKeyID})
	wantError(t, err, "AccessDenied", "is not authorized to perform: sts:GetAccessKeyInfo")
}

func TestStrangersAreAudited(t *testing.T) {
	s := newServer(t)
	_, key := s.user(t, account, "alice", "")
	c := sts.NewFromConfig(s.config(key.AccessKeyID, "wrong", ""))
	_, err := c.GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "SignatureDoesNotMatch", "")
	r := s.records.last(t)
	if r.ErrorCode != "SignatureDoesNotMatch" || r.Call.Caller.Type != "" || r.Call.Caller.Account != account || r.Call.Caller.AccessKeyID != key.AccessKeyID ||
		r.Decision.Effect != policy.ImplicitDeny || r.Input != nil {
		t.Errorf("audited %+v", r)
	}
}
