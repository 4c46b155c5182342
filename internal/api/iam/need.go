package iamapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam"
)

// needs is one permission of IAM's on an ARN.
func needs(action, resource string, k keys) []api.Need {
	return []api.Need{{Action: "iam:" + action, Resource: resource, Context: k}}
}

// onAccount needs an action that names no resource.
func onAccount[In any](action string) func(*api.Call, *In) ([]api.Need, error) {
	return func(*api.Call, *In) ([]api.Need, error) { return needs(action, "*", nil), nil }
}

// onPath needs an action on an entity that is to be made, or on all below a
// path if the name is empty. kind is the word in ARNs.
func onPath(c *api.Call, action, kind, path, name string, k keys) []api.Need {
	if path == "" {
		path = "/"
	}
	return needs(action, arn.IAM(c.Caller.Account, kind, path, name), k)
}

// required refuses a member that is not there, in AWS's words.
func required(value, member string) error {
	if value != "" {
		return nil
	}
	var p iam.Problems
	p.Add(nil, member, "not be null")
	return p.Err()
}

// onEntity needs an action on an entity that is known by name, under the ARN
// that IAM shows: with the entity's own path. k may be nil; the entity's tags
// and boundary are added.
func onEntity(s *iam.Service, action string, o iam.Owner, k keys) ([]api.Need, error) {
	e, err := s.Entity(context.Background(), o)
	if err != nil {
		return nil, err
	}
	if k == nil {
		k = keys{}
	}
	return needs(action, e.ARN(), k.resourceTags(e.Tags).boundary(e.Boundary)), nil
}

// boundary gives iam:PermissionsBoundary unless it is given already.
func (k keys) boundary(policyARN string) keys {
	if _, given := k["iam:PermissionsBoundary"]; !given && policyARN != "" {
		k["iam:PermissionsBoundary"] = []string{policyARN}
	}
	return k
}

// policy gives iam:PolicyARN, the policy that is attached or detached.
func (k keys) policy(policyARN string) keys {
	if policyARN != "" {
		k["iam:PolicyARN"] = []string{policyARN}
	}
	return k
}

func userOf(c *api.Call, name string) iam.Owner {
	return iam.Owner{Kind: iam.KindUser, Account: c.Caller.Account, Name: name}
}

func groupOf(c *api.Call, name string) iam.Owner {
	return iam.Owner{Kind: iam.KindGroup, Account: c.Caller.Account, Name: name}
}

func roleOf(c *api.Call, name string) iam.Owner {
	return iam.Owner{Kind: iam.KindRole, Account: c.Caller.Account, Name: name}
}

// userOrCaller returns the user of that name, or the caller if the name is left out.
func userOrCaller(c *api.Call, name string) (iam.Owner, error) {
	switch {
	case name != "":
		return userOf(c, name), nil
	case c.Caller.Type == iam.TypeUser:
		return userOf(c, c.Caller.Name), nil
	}
	return iam.Owner{}, awserr.New(iam.CodeValidation, "Must specify userName when calling with non-User credentials")
}

// onUser makes an operation on a user whose name may be left out for the caller's.
func onUser[In, Out any](s *iam.Service, name string, user func(*In) string,
	handle func(ctx context.Context, o iam.Owner, in *In) (*Out, error)) api.Operation {
	return api.Define("iam", name,
		func(c *api.Call, in *In) ([]api.Need, error) {
			o, err := userOrCaller(c, user(in))
			if err != nil {
				return nil, err
			}
			return onEntity(s, name, o, nil)
		},
		func(ctx context.Context, c *api.Call, in *In) (*Out, error) {
			o, err := userOrCaller(c, user(in))
			if err != nil {
				return nil, err
			}
			return handle(ctx, o, in)
		})
}
