// Package iam is who there is and who may do what: accounts, users, access
// keys, roles and their policies (AWS Identity and Access Management), role
// sessions (AWS Security Token Service), and the decisions by them.
//
// Entities are rows of the metadata database. Secrets of access keys are sealed
// (package seal) because verifying an AWS signature takes the plain secret;
// passwords are argon2id hashes. Role sessions are no rows at all: the session
// token holds everything, sealed, and names its role by id, so deleting the
// role ends its sessions.
//
// Every call of Waybill comes through Authenticate (or SignIn for the console)
// and Authorize. Authorize puts together the policies that apply and what iam
// itself knows of the caller; package policy decides.
//
// Errors that a caller can mend are *awserr.Error with the codes of the IAM and
// STS API references; all others are faults of ours.
package iam

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"waybill/internal/iam/policy"
	"waybill/internal/iam/seal"
	"waybill/internal/iam/webidentity"
	"waybill/internal/store"
)

// Options are what a Service is made of.
type Options struct {
	// DB, Keyring and Logger are needed; Now may be nil and means time.Now.
	DB      *store.DB
	Keyring *seal.Keyring
	Logger  *slog.Logger
	Now     func() time.Time
	// ResourcePolicies returns the resource policies that apply to an ARN of
	// another service (log groups); nil if there are none.
	ResourcePolicies func(ctx context.Context, resourceARN string) ([]policy.Named, error)
	// ResourceTags returns the tags of another service's resource and whether there
	// is such a resource; it is asked only if a policy reads aws:ResourceTag/*. Nil
	// means that none has tags.
	ResourceTags func(ctx context.Context, resourceARN string) (tags map[string]string, found bool, err error)
	// InUse tells what still uses the service-linked role of an account: a
	// Region and the resources' ARNs. Nil means that nothing ever does.
	InUse func(ctx context.Context, account string) ([]RoleUsage, error)
}

// Service is the identity store of all accounts. It is safe for concurrent use.
type Service struct {
	Options
	// DB stands in for that of Options, so that no write goes past the memo.
	DB        database
	memo      *memo
	managed   map[string]ManagedPolicy
	documents documentCache
	uses      keyUses
	hashing   hashQueue
	tokens    *webidentity.Verifier
}

// New returns a Service over an open database.
func New(o Options) (*Service, error) {
	if o.DB == nil || o.Keyring == nil || o.Logger == nil {
		return nil, errors.New("make the identity service: database, keyring and logger are all needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	managed, err := loadManaged()
	if err != nil {
		return nil, fmt.Errorf("make the identity service: %w", err)
	}
	m := &memo{}
	return &Service{Options: o, DB: database{o.DB, m}, memo: m, managed: managed, hashing: newHashQueue(), tokens: webidentity.New(o.Now)}, nil
}

// now is the time to store: whole milliseconds.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// Fold makes names that IAM takes as the same equal; lists are in this order.
func Fold(name string) string { return fold(name) }

// fold makes names that IAM takes as the same equal.
func fold(name string) string { return strings.ToLower(name) }

// millis and fromMillis convert to and from the database's times; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
