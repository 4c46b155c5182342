// Package workmail owns what WorkMail calls an organization: its mail domains
// and its email monitoring configuration, which says into which log group its
// mail events go and under which role.
//
// Errors that the caller can mend are *awserr.Error with the codes of Amazon
// WorkMail's API model.
package workmail

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
	"waybill/internal/store"
)

// ServicePrincipal is the service that publishes mail events.
const ServicePrincipal = "events.workmail.amazonaws.com"

// Roles is what organizations need of identity management.
type Roles interface {
	// EvaluateTrust decides whether p may assume the role. A role that does not
	// exist is an *awserr.Error with code NoSuchEntity.
	EvaluateTrust(ctx context.Context, roleARN string, p iam.Principal) (policy.Decision, error)
	// EvaluateRole decides whether the role's own policies allow an action.
	EvaluateRole(ctx context.Context, roleARN, action, resource string, context policy.Context) (policy.Decision, error)
	// EnsureServiceLinkedRole creates the account's role for a service if it is
	// missing and returns its ARN.
	EnsureServiceLinkedRole(ctx context.Context, account, service string) (string, error)
}

// Groups tells whether a log group exists.
type Groups interface {
	GroupExists(ctx context.Context, account, region, name string) (bool, error)
}

// Config is what a Service is made of.
type Config struct {
	DB     *store.DB
	Roles  Roles
	Groups Groups
	Now    func() time.Time
	Logger *slog.Logger
	// OnMonitoringChange is called after an organization's configuration has
	// been put or deleted, so that the publisher takes notice at once. May be nil.
	OnMonitoringChange func(organizationID string)
}

// Service answers for all organizations of a server. It is safe for concurrent use.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.OnMonitoringChange == nil {
		cfg.OnMonitoringChange = func(string) {}
	}
	return &Service{cfg: cfg}
}

func invalid(format string, args ...any) error {
	return awserr.New("InvalidParameterException", format, args...)
}

// notFound turns an empty result into the given error.
func notFound(err error, as *awserr.Error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return as
	}
	return err
}
