package iamapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/arn"
	"waybill/internal/iam"
)

// CreateServiceLinkedRoleInput is IAM's.
type CreateServiceLinkedRoleInput struct{ AWSServiceName, CustomSuffix, Description string }

// DeleteServiceLinkedRoleOutput is IAM's.
type DeleteServiceLinkedRoleOutput struct{ DeletionTaskId string }

// DeletionStatusInput is IAM's GetServiceLinkedRoleDeletionStatus.
type DeletionStatusInput struct{ DeletionTaskId string }

// DeletionStatusOutput is IAM's.
type DeletionStatusOutput struct {
	Status string
	Reason *DeletionReason
}

// DeletionReason says why a deletion failed.
type DeletionReason struct {
	Reason        string
	RoleUsageList []RoleUsage
}

// RoleUsage is resources of one Region that use the role.
type RoleUsage struct {
	Region    string
	Resources []string
}

func createServiceLinkedRole(s *iam.Service) api.Operation {
	return api.Define("iam", "CreateServiceLinkedRole",
		func(c *api.Call, in *CreateServiceLinkedRoleInput) ([]api.Need, error) {
			role, known := iam.LinkedRoleARN(c.Caller.Account, in.AWSServiceName)
			if !known {
				role = arn.IAM(c.Caller.Account, "role", "/aws-service-role/"+in.AWSServiceName+"/", "*")
			}
			return []api.Need{{Action: "iam:CreateServiceLinkedRole", Resource: role,
				Context: map[string][]string{"iam:AWSServiceName": {in.AWSServiceName}}}}, nil
		},
		func(ctx context.Context, c *api.Call, in *CreateServiceLinkedRoleInput) (*RoleOutput, error) {
			r, err := s.CreateServiceLinkedRole(ctx, c.Caller.Account, in.AWSServiceName, in.CustomSuffix, in.Description)
			if err != nil {
				return nil, err
			}
			return &RoleOutput{wireRole(&r)}, nil
		})
}

func deleteServiceLinkedRole(s *iam.Service) api.Operation {
	return api.Define("iam", "DeleteServiceLinkedRole", onRole(s, "DeleteServiceLinkedRole", (*GetRoleInput).name),
		func(ctx context.Context, c *api.Call, in *GetRoleInput) (*DeleteServiceLinkedRoleOutput, error) {
			task, err := s.DeleteServiceLinkedRole(ctx, c.Caller.Account, in.RoleName)
			return &DeleteServiceLinkedRoleOutput{task}, err
		})
}

func getServiceLinkedRoleDeletionStatus(s *iam.Service) api.Operation {
	return api.Define("iam", "GetServiceLinkedRoleDeletionStatus",
		func(c *api.Call, in *DeletionStatusInput) ([]api.Need, error) {
			role, err := iam.DeletionRole(c.Caller.Account, in.DeletionTaskId)
			return []api.Need{{Action: "iam:GetServiceLinkedRoleDeletionStatus", Resource: role}}, err
		},
		func(ctx context.Context, c *api.Call, in *DeletionStatusInput) (*DeletionStatusOutput, error) {
			d, err := s.Deletion(ctx, c.Caller.Account, in.DeletionTaskId)
			if err != nil {
				return nil, err
			}
			out := &DeletionStatusOutput{Status: d.Status}
			if d.Reason != "" {
				out.Reason = &DeletionReason{Reason: d.Reason, RoleUsageList: []RoleUsage{}}
				for _, u := range d.Usage {
					out.Reason.RoleUsageList = append(out.Reason.RoleUsageList, RoleUsage(u))
				}
			}
			return out, nil
		})
}
