// Package workmailapi is the part of Amazon WorkMail's API (version 2017-10-01,
// JSON 1.1) that Waybill answers: organizations, mail domains, and the email
// monitoring configuration. Fields have the wire's own names.
package workmailapi

import (
	"encoding/base64"

	"waybill/internal/api"
	"waybill/internal/awserr"
	"waybill/internal/workmail"
)

// Operations returns every operation of the service.
func Operations(s *workmail.Service) []api.Operation {
	return []api.Operation{
		createOrganization(s), describeOrganization(s), listOrganizations(s), deleteOrganization(s),
		registerMailDomain(s), deregisterMailDomain(s), listMailDomains(s), getMailDomain(s),
		putEmailMonitoringConfiguration(s), describeEmailMonitoringConfiguration(s), deleteEmailMonitoringConfiguration(s),
	}
}

// defaultPage and maxPage are the page sizes of WorkMail's lists.
const (
	defaultPage = 100
	maxPage     = 100
)

// page reads the page's size and the key after which it begins.
func (in PageInput) page() (limit int, after string, err error) {
	limit = defaultPage
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > maxPage {
		return 0, "", awserr.New("InvalidParameterException", "1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: "+
			"Member must have value between 1 and %d", limit, maxPage)
	}
	key, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	if err != nil {
		return 0, "", awserr.New("InvalidParameterException", "The specified nextToken is invalid.")
	}
	return limit, string(key), nil
}

// pageToken is the NextToken of a page that ended with key.
func pageToken(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }
