package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/store"
)

// The bounds of OpenID Connect providers (IAM API reference,
// "CreateOpenIDConnectProvider").
const (
	maxProviders   = 100
	maxProviderURL = 255
	maxClientIDs   = 100
	maxClientID    = 255
	maxThumbprints = 5
	thumbprintSize = 40 // hexadecimal digits of a SHA-1
)

const providerKind = "oidc-provider"

var thumbprintSyntax = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

// OIDCProvider is an OpenID Connect identity provider that roles may trust.
type OIDCProvider struct {
	Account string
	// URL is the issuer without "https://", as IAM shows it and as it stands in the ARN.
	URL string
	// ClientIDs are the audiences that are accepted.
	ClientIDs []string
	// Thumbprints are SHA-1 hashes of certificates, 40 hexadecimal digits, at
	// most five; empty where nobody gave any.
	Thumbprints []string
	Tags        []Tag
	Created     time.Time
}

// ARN returns the provider's ARN, which trust policies name as Federated.
func (p *OIDCProvider) ARN() string { return providerARN(p.Account, p.URL) }

// Issuer returns the value of the tokens' iss claim.
func (p *OIDCProvider) Issuer() string { return "https://" + p.URL }

func providerARN(account, url string) string { return arn.IAM(account, providerKind, "/", url) }

// ProviderURL returns the part of a provider's ARN that is its URL, without
// "https://"; InvalidInput for what is no such ARN of the account.
func ProviderURL(account, providerARN string) (string, error) {
	a, err := arn.Parse(providerARN)
	u, isProvider := strings.CutPrefix(a.Resource, providerKind+"/")
	if err != nil || !isProvider || a.Service != "iam" || a.Account != account || u == "" {
		return "", awserr.New(CodeInvalidInput, "Invalid ARN: %s", providerARN)
	}
	return u, nil
}

// CreateOIDCProvider registers a provider (IAM CreateOpenIDConnectProvider).
// issuer begins with "https://". Created is filled in.
func (s *Service) CreateOIDCProvider(ctx context.Context, account, issuer string, clientIDs, thumbprints []string, tags []Tag) (OIDCProvider, error) {
	p := OIDCProvider{Account: account, ClientIDs: clientIDs, Thumbprints: thumbprints, Tags: mergeTags(nil, tags), Created: s.now()}
	var err error
	if p.URL, err = checkIssuer(issuer); err != nil {
		return OIDCProvider{}, err
	}
	for _, err := range []error{checkClientIDs(clientIDs), checkThumbprints(thumbprints), checkTagsOf("OpenIDConnectProvider", tags)} {
		if err != nil {
			return OIDCProvider{}, err
		}
	}
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		err := insertProvider(ctx, tx, &p)
		if store.IsUnique(err) {
			return exists("Provider with url %s already exists.", issuer)
		}
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM oidc_providers WHERE account = ?`, account).Scan(&n); err != nil {
			return fmt.Errorf("count OpenID Connect providers of %s: %w", account, err)
		}
		if n > maxProviders {
			return limitExceeded("Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d", maxProviders)
		}
		return nil
	})
	return p, err
}

func insertProvider(ctx context.Context, tx *sql.Tx, p *OIDCProvider) error {
	tags, err := encodeTags(p.Tags)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO oidc_providers (account, url, client_ids, thumbprints, tags, created) VALUES (?, ?, ?, ?, ?, ?)`,
		p.Account, p.URL, encodeList(p.ClientIDs), encodeList(p.Thumbprints), tags, millis(p.Created))
	return wrap(err, "register OpenID Connect provider %s in %s", p.URL, p.Account)
}

// checkIssuer returns the URL without its scheme.
func checkIssuer(issuer string) (string, error) {
	var p Problems
	p.Length(issuer, "url", 1, maxProviderURL)
	if err := p.Err(); err != nil {
		return "", err
	}
	u, err := url.Parse(issuer)
	rest, isHTTPS := strings.CutPrefix(issuer, "https://")
	if err != nil || !isHTTPS || u.Host == "" || u.User != nil || strings.ContainsAny(issuer, "?#") {
		return "", awserr.New(CodeValidation, "Invalid Open ID Connect Provider URL")
	}
	return rest, nil
}

func checkClientIDs(ids []string) error {
	if len(ids) > maxClientIDs {
		return limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClientIDs)
	}
	var p Problems
	for i, id := range ids {
		p.Length(id, fmt.Sprintf("clientIDList.%d.member", i+1), 1, maxClientID)
	}
	return p.Err()
}

func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return awserr.New(CodeInvalidInput, "Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	var p Problems
	for i, t := range list {
		at := fmt.Sprintf("thumbprintList.%d.member", i+1)
		if p.Length(t, at, thumbprintSize, thumbprintSize); len(t) == thumbprintSize && !thumbprintSyntax.MatchString(t) {
			return awserr.New(CodeInvalidInput, "Thumbprint must be %d hexadecimal characters: %s", thumbprintSize, t)
		}
	}
	return p.Err()
}

// OIDCProvider returns the provider of that URL, which is given without
// "https://"; NoSuchEntity if the account has none.
func (s *Service) OIDCProvider(ctx context.Context, account, url string) (p OIDCProvider, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		p, err = providerByURL(ctx, tx, account, url)
		return err
	})
	return p, err
}

const providerColumns = `account, url, client_ids, thumbprints, tags, created`

func scanProvider(scan func(...any) error) (p OIDCProvider, err error) {
	var ids, thumbprints, tags string
	var created int64
	if err := scan(&p.Account, &p.URL, &ids, &thumbprints, &tags, &created); err != nil {
		return OIDCProvider{}, err
	}
	p.Created = fromMillis(created)
	err = errors.Join(json.Unmarshal([]byte(ids), &p.ClientIDs), json.Unmarshal([]byte(thumbprints), &p.Thumbprints), json.Unmarshal([]byte(tags), &p.Tags))
	return p, wrap(err, "read OpenID Connect provider %s", p.URL)
}

func providerByURL(ctx context.Context, tx *sql.Tx, account, url string) (OIDCProvider, error) {
	row := tx.QueryRowContext(ctx, `SELECT `+providerColumns+` FROM oidc_providers WHERE account = ? AND url = ?`, account, url)
	p, err := scanProvider(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return OIDCProvider{}, noSuch("OpenIDConnect Provider not found for arn %s", providerARN(account, url))
	}
	return p, wrap(err, "read OpenID Connect provider %s of %s", url, account)
}

// OIDCProviders returns all providers of an account by URL (IAM ListOpenIDConnectProviders).
func (s *Service) OIDCProviders(ctx context.Context, account string) (list []OIDCProvider, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+providerColumns+` FROM oidc_providers WHERE account = ? ORDER BY url`, account)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			p, err := scanProvider(rows.Scan)
			if err != nil {
				return err
			}
			list = append(list, p)
		}
		return rows.Err()
	})
	return list, wrap(err, "list OpenID Connect providers of %s", account)
}

// DeleteOIDCProvider removes a provider; one that is not there is fine (IAM
// DeleteOpenIDConnectProvider). Roles that trust it can be assumed by its
// tokens no longer.
func (s *Service) DeleteOIDCProvider(ctx context.Context, account, url string) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM oidc_providers WHERE account = ? AND url = ?`, account, url)
		return wrap(err, "delete OpenID Connect provider %s of %s", url, account)
	})
}

// AddClientID accepts one more audience; doing it twice is fine (IAM
// AddClientIDToOpenIDConnectProvider).
func (s *Service) AddClientID(ctx context.Context, account, url, id string) error {
	var p Problems
	p.Length(id, "clientID", 1, maxClientID)
	if err := p.Err(); err != nil {
		return err
	}
	return s.changeProvider(ctx, account, url, func(p *OIDCProvider) error {
		if !slices.Contains(p.ClientIDs, id) {
			p.ClientIDs = append(p.ClientIDs, id)
		}
		return checkClientIDs(p.ClientIDs)
	})
}

// RemoveClientID accepts an audience no longer; one that is not there is fine
// (IAM RemoveClientIDFromOpenIDConnectProvider).
func (s *Service) RemoveClientID(ctx context.Context, account, url, id string) error {
	return s.changeProvider(ctx, account, url, func(p *OIDCProvider) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(have string) bool { return have == id })
		return nil
	})
}

// SetThumbprints replaces all thumbprints (IAM UpdateOpenIDConnectProviderThumbprint).
func (s *Service) SetThumbprints(ctx context.Context, account, url string, thumbprints []string) error {
	if err := checkThumbprints(thumbprints); err != nil {
		return err
	}
	return s.changeProvider(ctx, account, url, func(p *OIDCProvider) error {
		p.Thumbprints = thumbprints
		return nil
	})
}

// TagOIDCProvider adds or replaces tags (IAM TagOpenIDConnectProvider).
func (s *Service) TagOIDCProvider(ctx context.Context, account, url string, tags []Tag) error {
	const kind = "OpenIDConnectProvider"
	if err := checkTagsOf(kind, tags); err != nil {
		return err
	}
	return s.changeProvider(ctx, account, url, func(p *OIDCProvider) error {
		if p.Tags = mergeTags(p.Tags, tags); len(p.Tags) > maxTags {
			return tooManyTags(kind)
		}
		return nil
	})
}

// UntagOIDCProvider removes tags (IAM UntagOpenIDConnectProvider).
func (s *Service) UntagOIDCProvider(ctx context.Context, account, url string, keys []string) error {
	if err := checkTagKeys(keys); err != nil {
		return err
	}
	return s.changeProvider(ctx, account, url, func(p *OIDCProvider) error {
		p.Tags = dropTags(p.Tags, keys)
		return nil
	})
}

func (s *Service) changeProvider(ctx context.Context, account, url string, change func(*OIDCProvider) error) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		p, err := providerByURL(ctx, tx, account, url)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		tags, err := encodeTags(p.Tags)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE oidc_providers SET client_ids = ?, thumbprints = ?, tags = ? WHERE account = ? AND url = ?`,
			encodeList(p.ClientIDs), encodeList(p.Thumbprints), tags, account, url)
		return wrap(err, "change OpenID Connect provider %s of %s", url, account)
	})
}

// encodeList writes a list of strings as JSON, which cannot fail.
func encodeList(list []string) string {
	text, _ := json.Marshal(append([]string{}, list...))
	return string(text)
}
