package iamapi

import (
	"context"
	"time"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam"
)

// AccessKey is a new access key: the only time that the secret is shown.
type AccessKey struct {
	UserName        string
	AccessKeyId     string
	Status          string
	SecretAccessKey string
	CreateDate      time.Time
}

// AccessKeyOutput is CreateAccessKey's.
type AccessKeyOutput struct{ AccessKey AccessKey }

// AccessKeyMetadata is an access key as it is listed.
type AccessKeyMetadata struct {
	UserName    string
	AccessKeyId string
	Status      string
	CreateDate  time.Time
}

// AccessKeysOutput is ListAccessKeys'.
type AccessKeysOutput struct {
	AccessKeyMetadata []AccessKeyMetadata
	Paged
}

// AccessKeyInput names a key, of the caller if UserName is left out.
type AccessKeyInput struct{ UserName, AccessKeyId, Status string }

func (in *AccessKeyInput) user() string { return in.UserName }

// LastUsedOutput is GetAccessKeyLastUsed's.
type LastUsedOutput struct {
	UserName          string
	AccessKeyLastUsed AccessKeyLastUsed
}

// AccessKeyLastUsed says "N/A" for a key that was never used.
type AccessKeyLastUsed struct {
	LastUsedDate *time.Time
	ServiceName  string
	Region       string
}

func accessKeyOperations(s *iam.Service) []api.Operation {
	return []api.Operation{createAccessKey(s), updateAccessKey(s), deleteAccessKey(s), listAccessKeys(s), getAccessKeyLastUsed(s)}
}

func createAccessKey(s *iam.Service) api.Operation {
	return onUser(s, "CreateAccessKey", (*UserInput).user, func(ctx context.Context, o iam.Owner, _ *UserInput) (*AccessKeyOutput, error) {
		key, err := s.CreateAccessKey(ctx, o.Account, o.Name)
		if err != nil {
			return nil, err
		}
		made, err := s.AccessKey(ctx, o.Account, key.AccessKeyID)
		return &AccessKeyOutput{AccessKey{o.Name, key.AccessKeyID, made.Status(), key.Secret, made.Created}}, err
	})
}

func updateAccessKey(s *iam.Service) api.Operation {
	return onUser(s, "UpdateAccessKey", (*AccessKeyInput).user, func(ctx context.Context, o iam.Owner, in *AccessKeyInput) (*Empty, error) {
		if err := required(in.AccessKeyId, "accessKeyId"); err != nil {
			return nil, err
		}
		if in.Status != "Active" && in.Status != "Inactive" {
			var p iam.Problems
			p.Add(&in.Status, "status", "satisfy enum value set: [Active, Inactive, Expired]")
			return nil, p.Err()
		}
		return &Empty{}, s.SetAccessKeyActive(ctx, o.Account, o.Name, in.AccessKeyId, in.Status == "Active")
	})
}

func deleteAccessKey(s *iam.Service) api.Operation {
	return onUser(s, "DeleteAccessKey", (*AccessKeyInput).user, func(ctx context.Context, o iam.Owner, in *AccessKeyInput) (*Empty, error) {
		if err := required(in.AccessKeyId, "accessKeyId"); err != nil {
			return nil, err
		}
		return &Empty{}, s.DeleteAccessKey(ctx, o.Account, o.Name, in.AccessKeyId)
	})
}

func listAccessKeys(s *iam.Service) api.Operation {
	return onUser(s, "ListAccessKeys", (*UserInput).user, func(ctx context.Context, o iam.Owner, in *UserInput) (*AccessKeysOutput, error) {
		list, err := s.AccessKeys(ctx, o.Account, o.Name)
		if err != nil {
			return nil, err
		}
		page, paged, err := cut(&in.Page, list, func(k *iam.AccessKey) string { return k.Created.Format("2006-01-02T15:04:05.000Z") + k.ID })
		return &AccessKeysOutput{shown(page, func(k *iam.AccessKey) AccessKeyMetadata {
			return AccessKeyMetadata{k.User, k.ID, k.Status(), k.Created}
		}), paged}, err
	})
}

// getAccessKeyLastUsed needs the permission on the key's user.
func getAccessKeyLastUsed(s *iam.Service) api.Operation {
	return api.Define("iam", "GetAccessKeyLastUsed",
		func(c *api.Call, in *AccessKeyInput) ([]api.Need, error) {
			k, err := s.AccessKey(context.Background(), c.Caller.Account, in.AccessKeyId)
			if awserr.HasCode(err, iam.CodeNoSuchEntity) {
				return needs("GetAccessKeyLastUsed", arn.IAM(c.Caller.Account, "user", "/", "*"), nil), nil
			}
			if err != nil {
				return nil, err
			}
			return onEntity(s, "GetAccessKeyLastUsed", userOf(c, k.User), nil)
		},
		func(ctx context.Context, c *api.Call, in *AccessKeyInput) (*LastUsedOutput, error) {
			k, err := s.AccessKey(ctx, c.Caller.Account, in.AccessKeyId)
			out := &LastUsedOutput{k.User, AccessKeyLastUsed{nil, "N/A", "N/A"}}
			if !k.Use.At.IsZero() {
				out.AccessKeyLastUsed = AccessKeyLastUsed{&k.Use.At, k.Use.Service, k.Use.Region}
			}
			return out, err
		})
}
