package iamapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestOIDCProvider(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	const provider = "arn:aws:iam::" + account + ":oidc-provider/id.example.com/realm"
	print1, print2 := strings.Repeat("a1", 20), strings.Repeat("b2", 20)

	made := ok(c.CreateOpenIDConnectProvider(ctx, &sdk.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://id.example.com/realm"), ClientIDList: []string{"web"}, ThumbprintList: []string{print1},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("mail")}, {Key: aws.String("env"), Value: aws.String("")}},
	}))(t)
	if *made.OpenIDConnectProviderArn != provider || len(made.Tags) != 2 || *made.Tags[0].Key != "env" {
		t.Errorf("made %s with %v", *made.OpenIDConnectProviderArn, made.Tags)
	}
	_, err := c.CreateOpenIDConnectProvider(ctx, &sdk.CreateOpenIDConnectProviderInput{Url: aws.String("https://id.example.com/realm")})
	wantError(t, err, 409, "EntityAlreadyExists", "Provider with url https://id.example.com/realm already exists.")
	for _, url := range []string{"http://id.example.com", "https://", "https://id.example.com?x=1", "https://u@id.example.com", "ftp://x"} {
		_, err = c.CreateOpenIDConnectProvider(ctx, &sdk.CreateOpenIDConnectProviderInput{Url: &url})
		wantError(t, err, 400, "ValidationError", "Invalid Open ID Connect Provider URL")
	}

	for range 2 { // doing it twice is fine
		ok(c.AddClientIDToOpenIDConnectProvider(ctx, &sdk.AddClientIDToOpenIDConnectProviderInput{
			OpenIDConnectProviderArn: aws.String(provider), ClientID: aws.String("phone")}))(t)
		ok(c.RemoveClientIDFromOpenIDConnectProvider(ctx, &sdk.RemoveClientIDFromOpenIDConnectProviderInput{
			OpenIDConnectProviderArn: aws.String(provider), ClientID: aws.String("web")}))(t)
	}
	ok(c.UpdateOpenIDConnectProviderThumbprint(ctx, &sdk.UpdateOpenIDConnectProviderThumbprintInput{
		OpenIDConnectProviderArn: aws.String(provider), ThumbprintList: []string{print2}}))(t)
	ok(c.TagOpenIDConnectProvider(ctx, &sdk.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(provider),
		Tags: []types.Tag{{Key: aws.String("TEAM"), Value: aws.String("post")}}}))(t)
	ok(c.UntagOpenIDConnectProvider(ctx, &sdk.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(provider), TagKeys: []string{"env"}}))(t)

	got := ok(c.GetOpenIDConnectProvider(ctx, &sdk.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(provider)}))(t)
	if *got.Url != "id.example.com/realm" || !slices.Equal(got.ClientIDList, []string{"phone"}) || !slices.Equal(got.ThumbprintList, []string{print2}) ||
		len(got.Tags) != 1 || *got.Tags[0].Key != "TEAM" || *got.Tags[0].Value != "post" {
		t.Errorf("got %+v", got)
	}
	recent(t, "CreateDate", got.CreateDate)
	tags := ok(c.ListOpenIDConnectProviderTags(ctx, &sdk.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: aws.String(provider)}))(t)
	if len(tags.Tags) != 1 || tags.IsTruncated {
		t.Errorf("tags %+v", tags)
	}
	list := ok(c.ListOpenIDConnectProviders(ctx, &sdk.ListOpenIDConnectProvidersInput{}))(t)
	if len(list.OpenIDConnectProviderList) != 1 || *list.OpenIDConnectProviderList[0].Arn != provider {
		t.Errorf("list %+v", list.OpenIDConnectProviderList)
	}

	for range 2 { // a provider that is gone is no error
		ok(c.DeleteOpenIDConnectProvider(ctx, &sdk.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(provider)}))(t)
	}
	_, err = c.GetOpenIDConnectProvider(ctx, &sdk.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(provider)})
	wantError(t, err, 404, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+provider)
	foreign := strings.Replace(provider, account, other, 1)
	_, err = c.GetOpenIDConnectProvider(ctx, &sdk.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &foreign})
	wantError(t, err, 400, "InvalidInput", "Invalid ARN: "+foreign)
}
