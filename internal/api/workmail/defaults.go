package workmailapi

import (
	"context"

	"waybill/internal/api"
)

func EnableDefaults(ctx context.Context, door *api.Door, call *api.Call, organizationID, alias string) error {
	return nil
}
