package webidentity

import (
	"encoding/json"
	"slices"
)

// claims are those that matter here (OpenID Connect Core 1.0, section 2; IAM
// User Guide, "Pass session tags in AWS STS").
type claims struct {
	Subject         string       `json:"sub"`
	AuthorizedParty string       `json:"azp"`
	Methods         stringList   `json:"amr"`
	Session         *session     `json:"https://aws.amazon.com/tags"`
	SourceIdentity  stringList   `json:"https://aws.amazon.com/source_identity"`
	Expiry          *json.Number `json:"exp"`
	IssuedAt        *json.Number `json:"iat"`
}

// session is the claim with session tags.
type session struct {
	Tags       map[string]stringList `json:"principal_tags"`
	Transitive stringList            `json:"transitive_tag_keys"`
}

// stringList is one string or several.
type stringList []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *stringList) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = stringList{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// identity checks the audience and returns what the token says.
func (c *claims) identity(audience, clientIDs []string) (Identity, error) {
	for name, present := range map[string]bool{"sub": c.Subject != "", "exp": c.Expiry != nil, "iat": c.IssuedAt != nil, "aud": len(audience) > 0} {
		if !present {
			return Identity{}, invalid("Missing a required claim: %s", name)
		}
	}
	accepted := audience
	if c.AuthorizedParty != "" {
		accepted = []string{c.AuthorizedParty}
	}
	at := slices.IndexFunc(accepted, func(a string) bool { return slices.Contains(clientIDs, a) })
	if at < 0 {
		return Identity{}, invalid("Incorrect token audience")
	}
	id := Identity{Subject: c.Subject, Audience: accepted[at], Keys: map[string][]string{"sub": {c.Subject}, "aud": accepted}}
	if c.AuthorizedParty != "" {
		id.Keys["oaud"] = audience
	}
	if len(c.Methods) > 0 {
		id.Keys["amr"] = c.Methods
	}
	if len(c.SourceIdentity) > 0 {
		id.SourceIdentity = c.SourceIdentity[0]
	}
	if c.Session == nil {
		return id, nil
	}
	id.Tags, id.TransitiveTagKeys = map[string]string{}, c.Session.Transitive
	for key, values := range c.Session.Tags {
		if len(values) != 1 {
			return Identity{}, invalid("The tag %s in the web identity token must have one value.", key)
		}
		id.Tags[key] = values[0]
	}
	return id, nil
}
