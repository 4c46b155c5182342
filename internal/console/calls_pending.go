package console

import (
	"context"

	"waybill/internal/api"
)

func (c calls) logGroups(ctx context.Context, call *api.Call) ([]string, error) { return nil, nil }
func (c calls) roles(ctx context.Context, call *api.Call) ([]choice, error)     { return nil, nil }
func (c calls) logGroup(ctx context.Context, call *api.Call, name string) (eventGroup, bool, error) {
	return eventGroup{}, false, nil
}
func (c calls) events(call *api.Call, group, pattern string) reader { return nil }
