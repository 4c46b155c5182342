package iamapi

import (
	"context"
	"strings"
	"time"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam"
)

func oidcOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		createOIDCProvider(s), getOIDCProvider(s), listOIDCProviders(s), deleteOIDCProvider(s),
		addClientID(s), removeClientID(s), updateThumbprint(s),
		tagOIDCProvider(s), untagOIDCProvider(s), listOIDCProviderTags(s),
	}
}

// CreateOpenIDConnectProviderInput is IAM's.
type CreateOpenIDConnectProviderInput struct {
	Url            string
	ClientIDList   []string
	ThumbprintList []string
	Tags           []iam.Tag
}

// CreateOpenIDConnectProviderOutput is IAM's.
type CreateOpenIDConnectProviderOutput struct {
	OpenIDConnectProviderArn string
	Tags                     []iam.Tag `json:",omitempty"`
}

// OIDCProviderInput names a provider; the other members are those of single operations.
type OIDCProviderInput struct {
	OpenIDConnectProviderArn string
	ClientID                 string
	ThumbprintList           []string
	Tags                     []iam.Tag
	TagKeys                  []string
	Page
}

// GetOpenIDConnectProviderOutput is IAM's. Url is without "https://".
type GetOpenIDConnectProviderOutput struct {
	Url            string
	ClientIDList   []string
	ThumbprintList []string
	CreateDate     time.Time
	Tags           []iam.Tag `json:",omitempty"`
}

// ListOpenIDConnectProvidersOutput is IAM's; the list is always whole.
type ListOpenIDConnectProvidersOutput struct{ OpenIDConnectProviderList []OIDCProviderEntry }

// OIDCProviderEntry is one of the list.
type OIDCProviderEntry struct{ Arn string }

func createOIDCProvider(s *iam.Service) api.Operation {
	return api.Define("iam", "CreateOpenIDConnectProvider",
		func(c *api.Call, in *CreateOpenIDConnectProviderInput) ([]api.Need, error) {
			url := strings.TrimPrefix(in.Url, "https://")
			return []api.Need{{Action: "iam:CreateOpenIDConnectProvider", Resource: arn.IAM(c.Caller.Account, "oidc-provider", "/", url),
				Context: keys{}.requestTags(in.Tags)}}, nil
		},
		func(ctx context.Context, c *api.Call, in *CreateOpenIDConnectProviderInput) (*CreateOpenIDConnectProviderOutput, error) {
			p, err := s.CreateOIDCProvider(ctx, c.Caller.Account, in.Url, in.ClientIDList, in.ThumbprintList, in.Tags)
			return &CreateOpenIDConnectProviderOutput{p.ARN(), p.Tags}, err
		})
}

// onProvider makes an operation on the provider that its input names.
func onProvider[Out any](s *iam.Service, name string, handle func(ctx context.Context, account, url string, in *OIDCProviderInput) (*Out, error)) api.Operation {
	return api.Define("iam", name,
		func(c *api.Call, in *OIDCProviderInput) ([]api.Need, error) {
			url, err := iam.ProviderURL(c.Caller.Account, in.OpenIDConnectProviderArn)
			if err != nil {
				return nil, err
			}
			k := taggingKeys(name, in.Tags, in.TagKeys)
			p, err := s.OIDCProvider(context.Background(), c.Caller.Account, url)
			if err != nil && !awserr.HasCode(err, iam.CodeNoSuchEntity) {
				return nil, err
			}
			return []api.Need{{Action: "iam:" + name, Resource: in.OpenIDConnectProviderArn, Context: k.resourceTags(p.Tags)}}, nil
		},
		func(ctx context.Context, c *api.Call, in *OIDCProviderInput) (*Out, error) {
			url, err := iam.ProviderURL(c.Caller.Account, in.OpenIDConnectProviderArn)
			if err != nil {
				return nil, err
			}
			return handle(ctx, c.Caller.Account, url, in)
		})
}

func getOIDCProvider(s *iam.Service) api.Operation {
	return onProvider(s, "GetOpenIDConnectProvider", func(ctx context.Context, account, url string, _ *OIDCProviderInput) (*GetOpenIDConnectProviderOutput, error) {
		p, err := s.OIDCProvider(ctx, account, url)
		return &GetOpenIDConnectProviderOutput{p.URL, append([]string{}, p.ClientIDs...), append([]string{}, p.Thumbprints...), p.Created, p.Tags}, err
	})
}

func listOIDCProviders(s *iam.Service) api.Operation {
	return api.Define("iam", "ListOpenIDConnectProviders",
		func(c *api.Call, _ *Empty) ([]api.Need, error) {
			return []api.Need{{Action: "iam:ListOpenIDConnectProviders", Resource: arn.IAM(c.Caller.Account, "oidc-provider", "/", "*")}}, nil
		},
		func(ctx context.Context, c *api.Call, _ *Empty) (*ListOpenIDConnectProvidersOutput, error) {
			list, err := s.OIDCProviders(ctx, c.Caller.Account)
			return &ListOpenIDConnectProvidersOutput{shown(list, func(p *iam.OIDCProvider) OIDCProviderEntry { return OIDCProviderEntry{p.ARN()} })}, err
		})
}

func deleteOIDCProvider(s *iam.Service) api.Operation {
	return onProvider(s, "DeleteOpenIDConnectProvider", func(ctx context.Context, account, url string, _ *OIDCProviderInput) (*Empty, error) {
		return &Empty{}, s.DeleteOIDCProvider(ctx, account, url)
	})
}

func addClientID(s *iam.Service) api.Operation {
	return onProvider(s, "AddClientIDToOpenIDConnectProvider", func(ctx context.Context, account, url string, in *OIDCProviderInput) (*Empty, error) {
		return &Empty{}, s.AddClientID(ctx, account, url, in.ClientID)
	})
}

func removeClientID(s *iam.Service) api.Operation {
	return onProvider(s, "RemoveClientIDFromOpenIDConnectProvider", func(ctx context.Context, account, url string, in *OIDCProviderInput) (*Empty, error) {
		return &Empty{}, s.RemoveClientID(ctx, account, url, in.ClientID)
	})
}

func updateThumbprint(s *iam.Service) api.Operation {
	return onProvider(s, "UpdateOpenIDConnectProviderThumbprint", func(ctx context.Context, account, url string, in *OIDCProviderInput) (*Empty, error) {
		return &Empty{}, s.SetThumbprints(ctx, account, url, in.ThumbprintList)
	})
}

func tagOIDCProvider(s *iam.Service) api.Operation {
	return onProvider(s, "TagOpenIDConnectProvider", func(ctx context.Context, account, url string, in *OIDCProviderInput) (*Empty, error) {
		return &Empty{}, s.TagOIDCProvider(ctx, account, url, in.Tags)
	})
}

func untagOIDCProvider(s *iam.Service) api.Operation {
	return onProvider(s, "UntagOpenIDConnectProvider", func(ctx context.Context, account, url string, in *OIDCProviderInput) (*Empty, error) {
		return &Empty{}, s.UntagOIDCProvider(ctx, account, url, in.TagKeys)
	})
}

func listOIDCProviderTags(s *iam.Service) api.Operation {
	return onProvider(s, "ListOpenIDConnectProviderTags", func(ctx context.Context, account, url string, in *OIDCProviderInput) (*TagsOutput, error) {
		p, err := s.OIDCProvider(ctx, account, url)
		return tagsPage(&in.Page, p.Tags, err)
	})
}
