package logsapi

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/arn"
	"waybill/internal/logs"
)

// TagResourceInput is CloudWatch Logs'. The resource is a log group's or a lookup
// table's ARN.
type TagResourceInput struct {
	ResourceArn *string           `json:"resourceArn"`
	Tags        map[string]string `json:"tags"`
}

// UntagResourceInput is CloudWatch Logs'.
type UntagResourceInput struct {
	ResourceArn *string  `json:"resourceArn"`
	TagKeys     []string `json:"tagKeys"`
}

// ListTagsForResourceInput is CloudWatch Logs'.
type ListTagsForResourceInput struct {
	ResourceArn *string `json:"resourceArn"`
}

// TagsOutput is the output of ListTagsForResource and ListTagsLogGroup.
type TagsOutput struct {
	Tags map[string]string `json:"tags"`
}

// TagLogGroupInput is CloudWatch Logs', by name, as older clients do.
type TagLogGroupInput struct {
	LogGroupName *string           `json:"logGroupName"`
	Tags         map[string]string `json:"tags"`
}

// UntagLogGroupInput is CloudWatch Logs', by name.
type UntagLogGroupInput struct {
	LogGroupName *string  `json:"logGroupName"`
	Tags         []string `json:"tags"`
}

// checkTags checks what does not depend on the tags that are there already.
func checkTags(v *validate.Checks, tags map[string]string) {
	if len(tags) > 50 {
		v.Range("tags", int64(len(tags)), 1, 50)
	}
	for k, value := range tags {
		v.Length("tags", k, 1, 128)
		v.Pattern("tags", k, tagText, tagKeyFormat)
		v.Length("tags."+k, value, 0, 256)
		v.Pattern("tags."+k, value, tagText, tagValueFormat)
	}
}

const (
	tagKeyFormat   = `^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$`
	tagValueFormat = `^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`
)

var tagText = regexp.MustCompile(`\A[\p{L}\p{Z}\p{N}_.:/=+\-@]*\z`)

// withKeys checks the keys of tags to remove, under their member's name.
func withKeys(t target, err error, member string, keys []string, least int) (target, error) {
	if err != nil {
		return t, err
	}
	var v validate.Checks
	v.Required(member, keys != nil)
	if keys != nil {
		validate.Count(&v, member, keys, least, 50)
	}
	for _, k := range keys {
		v.Length(member, k, 1, 128)
		v.Pattern(member, k, tagText, tagKeyFormat)
	}
	t.tagKeys = keys
	return t, v.Err(codeParameter)
}

func missingIn(place int, member string) error {
	return validate.Missing(codeParameter, "logEvents."+strconv.Itoa(place+1)+".member."+member)
}

// tagged returns the group or the table of a resource ARN.
func tagged(c *api.Call, resource *string) (target, error) {
	if resource == nil {
		return target{}, validate.Missing(codeParameter, "resourceArn")
	}
	if a, err := arn.Parse(*resource); err == nil && strings.HasPrefix(a.Resource, "lookup-table:") {
		return tableByARN(c, "resourceArn", resource)
	}
	t, err := byARN(c, "resourceArn", *resource)
	t.exact = true
	return t, err
}

// named returns the group of a name, for tagging.
func named(c *api.Call, name *string) (target, error) {
	t, err := inGroup(c, name)
	t.exact = true
	return t, err
}

func withTags(t target, err error, tags map[string]string) (target, error) {
	if err != nil {
		return t, err
	}
	var v validate.Checks
	v.Required("tags", tags != nil)
	checkTags(&v, tags)
	t.tags = tags
	return t, v.Err(codeParameter)
}

func tagResource(s *logs.Service) api.Operation {
	return define("TagResource",
		func(c *api.Call, in *TagResourceInput) (target, error) {
			t, err := tagged(c, in.ResourceArn)
			return withTags(t, err, in.Tags)
		},
		func(ctx context.Context, t target, in *TagResourceInput) (*Empty, error) {
			if t.table != "" {
				return nil, s.TagLookupTable(ctx, t.Scope, t.table, in.Tags)
			}
			return nil, s.TagLogGroup(ctx, t.Scope, t.group, in.Tags)
		})
}

func untagResource(s *logs.Service) api.Operation {
	return define("UntagResource",
		func(c *api.Call, in *UntagResourceInput) (target, error) {
			t, err := tagged(c, in.ResourceArn)
			return withKeys(t, err, "tagKeys", in.TagKeys, 0)
		},
		func(ctx context.Context, t target, in *UntagResourceInput) (*Empty, error) {
			if t.table != "" {
				return nil, s.UntagLookupTable(ctx, t.Scope, t.table, in.TagKeys)
			}
			return nil, s.UntagLogGroup(ctx, t.Scope, t.group, in.TagKeys)
		})
}

func listTagsForResource(s *logs.Service) api.Operation {
	return define("ListTagsForResource",
		func(c *api.Call, in *ListTagsForResourceInput) (target, error) { return tagged(c, in.ResourceArn) },
		func(ctx context.Context, t target, _ *ListTagsForResourceInput) (*TagsOutput, error) {
			if t.table != "" {
				tags, err := s.LookupTableTags(ctx, t.Scope, t.table)
				return &TagsOutput{tags}, err
			}
			tags, err := s.LogGroupTags(ctx, t.Scope, t.group)
			return &TagsOutput{tags}, err
		})
}

func tagLogGroup(s *logs.Service) api.Operation {
	return define("TagLogGroup",
		func(c *api.Call, in *TagLogGroupInput) (target, error) {
			t, err := named(c, in.LogGroupName)
			return withTags(t, err, in.Tags)
		},
		func(ctx context.Context, t target, in *TagLogGroupInput) (*Empty, error) {
			return nil, s.TagLogGroup(ctx, t.Scope, t.group, in.Tags)
		})
}

func untagLogGroup(s *logs.Service) api.Operation {
	return define("UntagLogGroup",
		func(c *api.Call, in *UntagLogGroupInput) (target, error) {
			t, err := named(c, in.LogGroupName)
			return withKeys(t, err, "tags", in.Tags, 1)
		},
		func(ctx context.Context, t target, in *UntagLogGroupInput) (*Empty, error) {
			return nil, s.UntagLogGroup(ctx, t.Scope, t.group, in.Tags)
		})
}

func listTagsLogGroup(s *logs.Service) api.Operation {
	return define("ListTagsLogGroup",
		func(c *api.Call, in *GroupInput) (target, error) { return named(c, in.LogGroupName) },
		func(ctx context.Context, t target, _ *GroupInput) (*TagsOutput, error) {
			tags, err := s.LogGroupTags(ctx, t.Scope, t.group)
			return &TagsOutput{tags}, err
		})
}
