package workmail

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
)

// Organization is one WorkMail-shaped organization.
type Organization struct {
	ID            string // "m-" and 32 hexadecimal digits
	Account       string
	Region        string
	Alias         string
	DirectoryID   string // "d-" and 10 hexadecimal digits
	DefaultDomain string // empty without domains
	Created       time.Time
}

// ARN returns the organization's resource name.
func (o Organization) ARN() string { return arn.Organization(o.Region, o.Account, o.ID) }

// StateActive is the only state an organization has here: it is there, or it is gone.
const StateActive = "Active"

var (
	organizationIDForm = regexp.MustCompile(`^m-[0-9a-f]{32}$`)
	// aliasForm is the model's OrganizationName, without a hyphen at either end.
	aliasForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$`)
)

// NewOrganization is the input of Create.
type NewOrganization struct {
	Account, Region, Alias string
	// Domains are mail domains; the first becomes the default.
	Domains []string
	// ClientToken makes a repeated call return the first one's organization.
	ClientToken string
}

// Create makes an organization with its domains, or changes nothing.
func (s *Service) Create(ctx context.Context, in NewOrganization) (Organization, error) {
	if !aliasForm.MatchString(in.Alias) {
		return Organization{}, invalid("1 validation error detected: Value '%s' at 'alias' failed to satisfy constraint: "+
			"1 to 62 lower-case letters, digits and inner hyphens", in.Alias)
	}
	org := Organization{
		ID: "m-" + randomHex(16), Account: in.Account, Region: in.Region, Alias: in.Alias,
		DirectoryID: "d-" + randomHex(5), Created: s.cfg.Now().UTC().Truncate(time.Millisecond),
	}
	err := s.cfg.DB.Write(ctx, func(tx *sql.Tx) error {
		if again, err := byToken(ctx, tx, in); err == nil {
			org = again
			return nil
		} else if !isNoRows(err) {
			return err
		}
		if _, err := selectOne(ctx, tx, "account = ? AND region = ? AND alias = ?", in.Account, in.Region, in.Alias); err == nil {
			return awserr.New("NameAvailabilityException", "The organization alias %s is already in use.", in.Alias)
		} else if !isNoRows(err) {
			return err
		}
		if err := insertOrganization(ctx, tx, org, in.ClientToken); err != nil {
			return err
		}
		for i, d := range in.Domains {
			if err := registerDomain(ctx, tx, org.ID, d, i == 0); err != nil {
				return err
			}
		}
		var err error
		org, err = selectOne(ctx, tx, "id = ?", org.ID)
		return err
	})
	if err != nil {
		return Organization{}, err
	}
	return org, nil
}

// Describe returns an organization of the account and Region.
func (s *Service) Describe(ctx context.Context, account, region, id string) (Organization, error) {
	var org Organization
	err := s.cfg.DB.Read(ctx, func(tx *sql.Tx) (err error) {
		org, err = find(ctx, tx, account, region, id)
		return err
	})
	return org, err
}

// ByAlias returns the organization with that alias, or OrganizationNotFoundException.
func (s *Service) ByAlias(ctx context.Context, account, region, alias string) (Organization, error) {
	var org Organization
	err := s.cfg.DB.Read(ctx, func(tx *sql.Tx) (err error) {
		org, err = selectOne(ctx, tx, "account = ? AND region = ? AND alias = ?", account, region, alias)
		return err
	})
	return org, notFound(err, awserr.New("OrganizationNotFoundException", "The organization with alias %s could not be found.", alias))
}

// ByID returns an organization of any account and Region; it is for Waybill's own parts.
func (s *Service) ByID(ctx context.Context, id string) (Organization, error) {
	var org Organization
	err := s.cfg.DB.Read(ctx, func(tx *sql.Tx) (err error) {
		org, err = selectOne(ctx, tx, "id = ?", id)
		return err
	})
	return org, notFound(err, noOrganization(id))
}

// List returns up to limit organizations of the account and Region in the order
// of their ids, beginning after the id in after, and whether there are more.
func (s *Service) List(ctx context.Context, account, region, after string, limit int) (list []Organization, more bool, err error) {
	err = s.cfg.DB.Read(ctx, func(tx *sql.Tx) error {
		list, err = selectOrganizations(ctx, tx, "account = ? AND region = ? AND id > ? ORDER BY id LIMIT ?", account, region, after, limit+1)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, false, nil
}

// Delete removes an organization with its domains and turns its event logging
// off. Its log group, role and events stay.
func (s *Service) Delete(ctx context.Context, account, region, id string) error {
	err := s.cfg.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := find(ctx, tx, account, region, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM organizations WHERE id = ?", id)
		return err
	})
	if err == nil {
		s.cfg.OnMonitoringChange(id)
	}
	return err
}

// find returns an organization of the account and Region.
func find(ctx context.Context, tx *sql.Tx, account, region, id string) (Organization, error) {
	if !organizationIDForm.MatchString(id) {
		return Organization{}, invalid("1 validation error detected: Value '%s' at 'organizationId' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: ^m-[0-9a-f]{32}$", id)
	}
	org, err := selectOne(ctx, tx, "id = ? AND account = ? AND region = ?", id, account, region)
	return org, notFound(err, noOrganization(id))
}

func noOrganization(id string) *awserr.Error {
	return awserr.New("OrganizationNotFoundException", "The organization %s could not be found.", id)
}

func byToken(ctx context.Context, tx *sql.Tx, in NewOrganization) (Organization, error) {
	if in.ClientToken == "" {
		return Organization{}, sql.ErrNoRows
	}
	return selectOne(ctx, tx, "account = ? AND region = ? AND client_token = ?", in.Account, in.Region, in.ClientToken)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return strings.ToLower(hex.EncodeToString(b))
}
