package workmail

import (
	"context"
	"database/sql"
	"regexp"
	"strings"

	"waybill/internal/awserr"
)

// Domain is a mail domain of an organization, in lower case.
type Domain struct {
	Name    string
	Default bool
}

// domainForm is a host name of at least two labels (RFC 5321 section 4.1.2).
var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// RegisterDomain adds a mail domain to an organization; the first becomes its
// default. Registering it again changes nothing; a domain of another
// organization is MailDomainInUseException.
func (s *Service) RegisterDomain(ctx context.Context, account, region, id, name string) error {
	return s.cfg.DB.Write(ctx, func(tx *sql.Tx) error {
		org, err := find(ctx, tx, account, region, id)
		if err != nil {
			return err
		}
		return registerDomain(ctx, tx, org.ID, name, org.DefaultDomain == "")
	})
}

// DeregisterDomain removes a mail domain. The default domain can go last only.
func (s *Service) DeregisterDomain(ctx context.Context, account, region, id, name string) error {
	return s.cfg.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := find(ctx, tx, account, region, id); err != nil {
			return err
		}
		domains, err := selectDomains(ctx, tx, id, "", 1000)
		if err != nil {
			return err
		}
		for _, d := range domains {
			if d.Default && d.Name == strings.ToLower(name) && len(domains) > 1 {
				return awserr.New("MailDomainInUseException", "The default mail domain %s cannot be deregistered while there are others.", name)
			}
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM mail_domains WHERE organization_id = ? AND name = ?", id, strings.ToLower(name))
		return err
	})
}

// Domains returns up to limit domains by name, beginning after the given one,
// and whether there are more.
func (s *Service) Domains(ctx context.Context, account, region, id, after string, limit int) (list []Domain, more bool, err error) {
	err = s.cfg.DB.Read(ctx, func(tx *sql.Tx) error {
		if _, err := find(ctx, tx, account, region, id); err != nil {
			return err
		}
		list, err = selectDomains(ctx, tx, id, after, limit+1)
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

func selectDomains(ctx context.Context, tx *sql.Tx, id, after string, limit int) ([]Domain, error) {
	rows, err := tx.QueryContext(ctx, "SELECT name, is_default FROM mail_domains WHERE organization_id = ? AND name > ? ORDER BY name LIMIT ?", id, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Domain
	for rows.Next() {
		var d Domain
		if err := rows.Scan(&d.Name, &d.Default); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

func registerDomain(ctx context.Context, tx *sql.Tx, id, name string, first bool) error {
	name = strings.ToLower(name)
	if len(name) > 209 || !domainForm.MatchString(name) {
		return invalid("1 validation error detected: Value '%s' at 'domainName' failed to satisfy constraint: a domain name of at most 209 characters", name)
	}
	var owner string
	err := tx.QueryRowContext(ctx, "SELECT organization_id FROM mail_domains WHERE name = ?", name).Scan(&owner)
	switch {
	case err == nil && owner == id:
		return nil
	case err == nil:
		return awserr.New("MailDomainInUseException", "The domain %s is already in use by another organization.", name)
	case !isNoRows(err):
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO mail_domains (name, organization_id, is_default) VALUES (?, ?, ?)", name, id, first)
	return err
}
