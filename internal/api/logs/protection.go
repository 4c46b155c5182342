package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/logs"
)

// PutLogGroupDeletionProtectionInput is CloudWatch Logs'.
type PutLogGroupDeletionProtectionInput struct {
	LogGroupIdentifier        *string `json:"logGroupIdentifier"`
	DeletionProtectionEnabled *bool   `json:"deletionProtectionEnabled"`
}

func putLogGroupDeletionProtection(s *logs.Service) api.Operation {
	return define("PutLogGroupDeletionProtection",
		func(c *api.Call, in *PutLogGroupDeletionProtectionInput) (target, error) {
			var v validate.Checks
			v.Required("logGroupIdentifier", in.LogGroupIdentifier != nil)
			v.Required("deletionProtectionEnabled", in.DeletionProtectionEnabled != nil)
			if err := v.Err(codeParameter); err != nil {
				return target{}, err
			}
			return identified(c, nil, in.LogGroupIdentifier)
		},
		func(ctx context.Context, t target, in *PutLogGroupDeletionProtectionInput) (*Empty, error) {
			return nil, s.SetDeletionProtection(ctx, t.Scope, t.group, *in.DeletionProtectionEnabled)
		})
}
