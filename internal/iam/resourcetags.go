package iam

import (
	"context"
	"database/sql"
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
		for key, value := range tags {
			addTag(r, strings.ToLower(key), value)
		}
		return nil
	}
	for key, values := range r.Context {
		if name, ok := strings.CutPrefix(key, requestTag); ok && len(values) == 1 {
			addTag(r, name, values[0])
		}
	}
	return nil
}

func addTag(r *policy.Request, name, value string) {
	r.Context[resourceTag+name] = []string{value}
	if strings.HasPrefix(r.Resource, "arn:aws:iam:") {
		r.Context[iamResourceTag+name] = []string{value}
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
