package iam

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
	"waybill/internal/store"
)

// The service-linked role of WorkMail's event logging (WorkMail administrator
// guide, "Using service-linked roles").
const (
	EventsService    = "events.workmail.amazonaws.com"
	EventsRoleName   = "AWSServiceRoleForAmazonWorkMailEvents"
	eventsPolicyName = "AmazonWorkMailEventsServiceRolePolicy"
)

// linkedRole is what a service's linked role is made from.
type linkedRole struct{ name, policyARN string }

// linkedRoles are by service name.
var linkedRoles = map[string]linkedRole{
	EventsService: {EventsRoleName, arn.IAM("aws", "policy", servicePath, eventsPolicyName)},
}

// LinkedRoleARN returns the ARN that the linked role of a service has in an
// account; ok is false for a service that has none.
func LinkedRoleARN(account, service string) (roleARN string, ok bool) {
	l, ok := linkedRoles[service]
	return arn.IAM(account, "role", servicePath+service+"/", l.name), ok
}

// CreateServiceLinkedRole makes the linked role of a service (IAM
// CreateServiceLinkedRole). Its name is fixed: no suffix is allowed.
func (s *Service) CreateServiceLinkedRole(ctx context.Context, account, service, suffix, description string) (Role, error) {
	var p Problems
	p.Length(service, "aWSServiceName", 1, 128)
	p.Length(description, "description", 0, maxDescription)
	if err := p.Err(); err != nil {
		return Role{}, err
	}
	l, ok := linkedRoles[service]
	if !ok {
		return Role{}, awserr.New(CodeInvalidInput, "Cannot find Service Linked Role template for %s", service)
	}
	if suffix != "" {
		return Role{}, awserr.New(CodeInvalidInput, "Custom suffix is not allowed for %s", service)
	}
	r := Role{ID: newID(prefixRole, entityDigits), Account: account, Name: l.name, Path: servicePath + service + "/",
		Trust: linkedTrust(service), Description: description, MaxSession: defaultSession, LinkedService: service, Created: s.now()}
	err := s.DB.Write(ctx, func(tx *sql.Tx) error {
		err := insertRole(ctx, tx, &r)
		if store.IsUnique(err) {
			return awserr.New(CodeInvalidInput,
				"Service role name %s has been taken in this account, please try a different suffix.", r.Name)
		}
		if err != nil {
			return err
		}
		return roleAttached.put(ctx, tx, r.ID, l.policyARN)
	})
	return r, err
}

// linkedTrust is the trust policy as AWS writes it: plain strings, no lists.
func linkedTrust(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
}

// RoleUsage is what uses a service-linked role in one Region.
type RoleUsage struct {
	Region    string
	Resources []string // ARNs
}

// The states of a deletion (IAM GetServiceLinkedRoleDeletionStatus).
const (
	DeletionSucceeded = "SUCCEEDED"
	DeletionFailed    = "FAILED"
)

// Deletion is the outcome of deleting a service-linked role.
type Deletion struct {
	Status string
	// Reason and Usage say why it failed.
	Reason string
	Usage  []RoleUsage
}

// DeleteServiceLinkedRole deletes the role unless something uses it, and
// returns the id under which the outcome is asked for (IAM
// DeleteServiceLinkedRole). A role in use is no error here: the task fails.
func (s *Service) DeleteServiceLinkedRole(ctx context.Context, account, name string) (taskID string, err error) {
	r, err := s.Role(ctx, account, name)
	if err != nil {
		return "", err
	}
	if r.LinkedService == "" {
		return "", noSuchRole(name)
	}
	outcome := Deletion{Status: DeletionSucceeded}
	if s.InUse != nil {
		if outcome.Usage, err = s.InUse(ctx, account); err != nil {
			return "", fmt.Errorf("find what uses role %s: %w", r.ARN(), err)
		}
	}
	if len(outcome.Usage) > 0 {
		outcome.Status = DeletionFailed
		outcome.Reason = "The role is in use: turn off event logging for the listed organizations, or give them another role, and try again."
	}
	taskID = "task/aws-service-role/" + r.LinkedService + "/" + r.Name + "/" + newUUID()
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		if outcome.Status == DeletionSucceeded {
			if err := deleteRole(ctx, tx, r.ID); err != nil {
				return err
			}
		}
		return recordDeletion(ctx, tx, account, taskID, outcome, millis(s.now()))
	})
	return taskID, err
}

func recordDeletion(ctx context.Context, tx *sql.Tx, account, taskID string, d Deletion, at int64) error {
	usage, err := json.Marshal(d.Usage)
	if err != nil {
		return fmt.Errorf("record deletion %s: %w", taskID, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO role_deletions (id, account, status, reason, usage, created) VALUES (?, ?, ?, ?, ?, ?)`,
		taskID, account, d.Status, d.Reason, string(usage), at)
	return wrap(err, "record deletion %s", taskID)
}

// taskSyntax is the form of a deletion task id; the groups are the role's service and name.
var taskSyntax = regexp.MustCompile(`^task/aws-service-role/([a-z0-9.-]+)/([\w+=,.@-]{1,64})/[0-9a-f-]{36}$`)

// DeletionRole returns the ARN of the role that a deletion task is about;
// InvalidInput for what is no task id.
func DeletionRole(account, taskID string) (string, error) {
	m := taskSyntax.FindStringSubmatch(taskID)
	if m == nil {
		return "", awserr.New(CodeInvalidInput, "The deletion task id is invalid: %s", taskID)
	}
	return arn.IAM(account, "role", servicePath+m[1]+"/", m[2]), nil
}

// Deletion returns the outcome of a deletion, or NoSuchEntity.
func (s *Service) Deletion(ctx context.Context, account, taskID string) (d Deletion, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		var usage string
		row := tx.QueryRowContext(ctx, `SELECT status, reason, usage FROM role_deletions WHERE account = ? AND id = ?`, account, taskID)
		err := row.Scan(&d.Status, &d.Reason, &usage)
		if errors.Is(err, sql.ErrNoRows) {
			return noSuch("Deletion task not found: %s", taskID)
		}
		if err != nil {
			return fmt.Errorf("read deletion %s: %w", taskID, err)
		}
		return wrap(json.Unmarshal([]byte(usage), &d.Usage), "read deletion %s", taskID)
	})
	return d, err
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// trustOf returns a role's trust policy for evaluation.
func (s *Service) trustOf(r *Role) (policy.Named, error) {
	doc, err := s.documents.parse(policy.Trust, r.Trust)
	if err != nil {
		return policy.Named{}, fmt.Errorf("stored trust policy of %s: %w", r.ARN(), hide(err))
	}
	return policy.Named{Name: r.Name, Document: doc}, nil
}
