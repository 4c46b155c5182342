package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/store"
)

// NewPolicy is what CreatePolicy takes.
type NewPolicy struct {
	Name        string
	Path        string // empty means "/"
	Description string
	Document    string
	Tags        []Tag
}

// PolicyVersion is one version of a managed policy.
type PolicyVersion struct {
	// ID is "v1", "v2", ...
	ID        string
	Document  string
	IsDefault bool
	Created   time.Time
}

func versionID(n int64) string { return "v" + strconv.FormatInt(n, 10) }

// versionSyntax is IAM's, which allows a text after the number.
var versionSyntax = regexp.MustCompile(`^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$`)

// versionNumber reads a version's id; zero is one that no policy has.
func versionNumber(id string) (int64, error) {
	if !versionSyntax.MatchString(id) {
		var p Problems
		p.Add(&id, "versionId", `satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)
		return 0, p.Err()
	}
	n, _ := strconv.ParseInt(id[1:], 10, 64)
	return n, nil
}

// customerPolicy is a row of a customer-managed policy.
type customerPolicy struct {
	ManagedPolicy
	account           string
	defaultN, lastVer int64
}

const policyColumns = `id, account, name, path, arn, description, tags, default_version, last_version, created, updated`

func scanPolicy(scan func(...any) error) (p customerPolicy, err error) {
	var tags string
	var created, updated int64
	err = scan(&p.ID, &p.account, &p.Name, &p.Path, &p.ARN, &p.Description, &tags, &p.defaultN, &p.lastVer, &created, &updated)
	if err != nil {
		return p, err
	}
	p.Version = versionID(p.defaultN)
	p.Created, p.Updated = fromMillis(created), fromMillis(updated)
	return p, wrap(json.Unmarshal([]byte(tags), &p.Tags), "read tags of policy %s", p.ARN)
}

// customerByARN returns a customer-managed policy of an account.
func customerByARN(ctx context.Context, tx *sql.Tx, account, policyARN string) (customerPolicy, error) {
	row := tx.QueryRowContext(ctx, `SELECT `+policyColumns+` FROM policies WHERE account = ? AND arn = ?`, account, policyARN)
	p, err := scanPolicy(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return p, noSuchPolicy(policyARN)
	}
	return p, wrap(err, "read policy %s", policyARN)
}

func noSuchPolicy(policyARN string) error { return noSuch("Policy %s was not found.", policyARN) }

// CreatePolicy makes a customer-managed policy whose version v1 is the default
// (IAM CreatePolicy).
func (s *Service) CreatePolicy(ctx context.Context, account string, n NewPolicy) (ManagedPolicy, error) {
	now := s.now()
	p := ManagedPolicy{ID: newID(prefixPolicy, entityDigits), Name: n.Name, Path: defaultPath(n.Path), Description: n.Description,
		Version: versionID(1), Document: n.Document, Tags: mergeTags(nil, n.Tags), Created: now, Updated: now}
	var description Problems
	description.Length(n.Description, "description", 0, maxDescription)
	for _, err := range []error{checkName(p.Name, "policyName", maxPolicyName), checkPath(p.Path, "path"), description.Err(),
		checkTagsOf("Policy", n.Tags), s.checkManagedDocument(n.Document)} {
		if err != nil {
			return ManagedPolicy{}, err
		}
	}
	p.ARN = arn.IAM(account, "policy", p.Path, p.Name)
	err := s.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := insertPolicy(ctx, tx, account, &p); err != nil {
			return err
		}
		return checkQuota(ctx, tx, "policies", account, "PoliciesPerAccount", maxPoliciesPerAccount)
	})
	return p, err
}

func (s *Service) checkManagedDocument(document string) error {
	if err := s.checkDocument(document); err != nil {
		return err
	}
	if visibleLength(document) > maxManagedPolicy {
		return limitExceeded("Cannot exceed quota for PolicySize: %d", maxManagedPolicy)
	}
	return nil
}

func insertPolicy(ctx context.Context, tx *sql.Tx, account string, p *ManagedPolicy) error {
	tags, err := encodeTags(p.Tags)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO policies (`+policyColumns+`, folded) VALUES (?, ?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?)`,
		p.ID, account, p.Name, p.Path, p.ARN, p.Description, tags, millis(p.Created), millis(p.Updated), fold(p.Name))
	if store.IsUnique(err) {
		return exists("A policy called %s already exists. Duplicate names are not allowed.", p.Name)
	}
	if err != nil {
		return fmt.Errorf("create policy %s: %w", p.ARN, err)
	}
	return insertVersion(ctx, tx, p.ID, 1, p.Document, p.Created)
}

func insertVersion(ctx context.Context, tx *sql.Tx, policyID string, n int64, document string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO policy_versions (policy_id, version, document, created) VALUES (?, ?, ?, ?)`,
		policyID, n, document, millis(at))
	return wrap(err, "write version %d of policy %s", n, policyID)
}

// DeleteManagedPolicy removes a policy that is attached nowhere and has only
// its default version (IAM DeletePolicy).
func (s *Service) DeleteManagedPolicy(ctx context.Context, account, policyARN string) error {
	return s.changePolicy(ctx, account, policyARN, func(tx *sql.Tx, p *customerPolicy) error {
		uses, err := countUses(ctx, tx, account, policyARN)
		if err != nil {
			return err
		}
		if uses[policyARN].Attachments+uses[policyARN].Boundaries > 0 {
			return deleteConflict("Cannot delete a policy attached to entities.")
		}
		versions, err := versionsOf(ctx, tx, p)
		if err != nil {
			return err
		}
		if len(versions) > 1 {
			return deleteConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
				"The default version is deleted with the policy.")
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM policies WHERE id = ?`, p.ID)
		return wrap(err, "delete policy %s", policyARN)
	})
}

// changePolicy runs change on a customer-managed policy.
func (s *Service) changePolicy(ctx context.Context, account, policyARN string, change func(tx *sql.Tx, p *customerPolicy) error) error {
	if err := CheckPolicyARN(policyARN); err != nil {
		return err
	}
	if _, ok := s.managed[policyARN]; ok {
		return awsManaged(policyARN)
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		p, err := customerByARN(ctx, tx, account, policyARN)
		if err != nil {
			return err
		}
		return change(tx, &p)
	})
}

// awsManaged refuses to change what is not the account's.
func awsManaged(policyARN string) error {
	return awserr.WithStatus(403, CodeAccessDenied, "Policy %s is managed by AWS and cannot be changed.", policyARN)
}

// TagPolicy adds or replaces tags (IAM TagPolicy).
func (s *Service) TagPolicy(ctx context.Context, account, policyARN string, tags []Tag) error {
	if err := checkTagsOf("Policy", tags); err != nil {
		return err
	}
	return s.changePolicyTags(ctx, account, policyARN, func(old []Tag) []Tag { return mergeTags(old, tags) })
}

// UntagPolicy removes tags (IAM UntagPolicy).
func (s *Service) UntagPolicy(ctx context.Context, account, policyARN string, keys []string) error {
	if err := checkTagKeys(keys); err != nil {
		return err
	}
	return s.changePolicyTags(ctx, account, policyARN, func(old []Tag) []Tag { return dropTags(old, keys) })
}

func (s *Service) changePolicyTags(ctx context.Context, account, policyARN string, change func([]Tag) []Tag) error {
	return s.changePolicy(ctx, account, policyARN, func(tx *sql.Tx, p *customerPolicy) error {
		tags := change(p.Tags)
		if len(tags) > maxTags {
			return tooManyTags("Policy")
		}
		text, err := encodeTags(tags)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE policies SET tags = ? WHERE id = ?`, text, p.ID)
		return wrap(err, "write tags of policy %s", policyARN)
	})
}
