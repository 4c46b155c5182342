package iam

import (
	"fmt"
	"strings"
	"testing"

	"waybill/internal/iam/policy"
)

// BenchmarkDecision measures what every call costs here: whose the key is, and
// one decision about a user with two inline policies, two groups with two
// policies each, a customer-managed policy, and a boundary. "warm" is the usual
// case; "cold" is the first call after a change of any identity.
func BenchmarkDecision(b *testing.B) {
	f := newFixture(b)
	ctx := b.Context()
	statement := func(sid string, n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"Sid":"%s%d","Effect":"Allow","Action":["logs:Get*","logs:Filter*"],"Resource":"arn:aws:logs:*:*:log-group:%s-%d*"}`, sid, i, sid, i))
		}
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
	}
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	_, err := f.CreateUser(ctx, accountA, "/", "u", []Tag{{"team", "mail"}})
	must(err)
	own, err := f.CreatePolicy(ctx, accountA, NewPolicy{Name: "own", Document: statement("own", 20)})
	must(err)
	must(f.Attach(ctx, userOwner(accountA, "u"), own.ARN))
	must(f.SetBoundary(ctx, userOwner(accountA, "u"), ManagedPolicyARN("CloudWatchLogsFullAccess")))
	for i := range 2 {
		name := fmt.Sprint("p", i)
		must(f.PutPolicy(ctx, userOwner(accountA, "u"), name, statement(name, 5)))
		_, err := f.CreateGroup(ctx, accountA, "/", name)
		must(err)
		must(f.PutPolicy(ctx, groupOwner(accountA, name), "g"+name, statement("g"+name, 20)))
		must(f.Attach(ctx, groupOwner(accountA, name), ManagedPolicyARN("CloudWatchReadOnlyAccess")))
		must(f.AddUserToGroup(ctx, accountA, name, "u"))
	}
	key, err := f.CreateAccessKey(ctx, accountA, "u")
	must(err)
	condition := policy.Context{"aws:sourceip": {"127.0.0.1"}, "aws:securetransport": {"true"}, "aws:requestedregion": {"us-east-1"}}
	one := func(b *testing.B) {
		_, p, err := f.Authenticate(ctx, key.AccessKeyID, "")
		if err != nil {
			b.Fatal(err)
		}
		d, err := f.Authorize(ctx, p, "logs:GetLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:gp1-7:log-stream:s", condition)
		if err != nil || !d.Allowed() {
			b.Fatal(d, err)
		}
	}
	b.Run("warm", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			one(b)
		}
	})
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.memo.forget()
			one(b)
		}
	})
}
