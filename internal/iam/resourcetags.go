package iam

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"waybill/internal/iam/policy"
)

const (
	resourceTag    = "aws:resourcetag/"
	iamResourceTag = "iam:resourcetag/"
	requestTag     = "aws:requesttag/"
)

// addResourceTags adds the tags of the resource to the request's keys, unless
// the operation has done so. A resource that is yet to be made has the tags that
// the request gives it (IAM User Guide, aws:ResourceTag).
func (s *Service) addResourceTags(ctx context.Context, r *policy.Request) error {
	for key := range r.Context {
		if strings.HasPrefix(key, resourceTag) {
			return nil
		}
	}
	tags, found, err := s.resourceTags(ctx, r.Resource)
	if err != nil {
		return wrap(err, "read the tags of %s", r.Resource)
	}
	if found {
		// Tags that differ in case only are one key with several values.
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			addTag(r, strings.ToLower(key), tags[key])
		}
		return nil
	}
	asked := map[string][]string{}
	for key, values := range r.Context {
		if name, ok := strings.CutPrefix(key, requestTag); ok {
			asked[name] = values
		}
	}
	for name, values := range asked {
		addTag(r, name, values...)
	}
	return nil
}

func addTag(r *policy.Request, name string, values ...string) {
	r.Context.Add(resourceTag+name, values...)
	if strings.HasPrefix(r.Resource, "arn:aws:iam:") {
		r.Context.Add(iamResourceTag+name, values...)
	}
}

// resourceTags looks the tags up: those of roles here, those of another
// service's resources there.
func (s *Service) resourceTags(ctx context.Context, resource string) (tags map[string]string, found bool, err error) {
	switch {
	case strings.HasPrefix(resource, "arn:aws:iam:"):
		var r Role
		err = s.DB.Read(ctx, func(tx *sql.Tx) error {
			r, found, err = roleByARN(ctx, tx, resource)
			return err
		})
		return tagMap(r.Tags), found, err
	case s.ResourceTags == nil || resource == "*":
		return nil, false, nil
	}
	return s.ResourceTags(ctx, resource)
}
