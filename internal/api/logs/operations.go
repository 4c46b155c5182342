// Package logsapi is the part of Amazon CloudWatch Logs' API (version
// 2014-03-28, JSON 1.1) that Waybill answers. Fields have the wire's own names
// in their json tags; times are milliseconds since the Unix epoch.
//
// # Permissions
//
// The resource of an operation on a group is, as AWS evaluates it,
// log-group:NAME:log-stream: with an empty stream; of one on a stream,
// log-group:NAME:log-stream:STREAM. So a policy's log-group:NAME:* and
// log-group:NAME* permit both and log-group:NAME permits neither. Only tagging
// asks for log-group:NAME itself. The resource of an operation on a lookup table
// is lookup-table:NAME.
package logsapi

import (
	"context"
	"slices"

	"waybill/internal/api"
	"waybill/internal/logs"
)

// Operations returns the operations of the service that need no query; the rest are QueryOperations.
func Operations(s *logs.Service) []api.Operation {
	return slices.Concat([]api.Operation{
		createLogGroup(s), describeLogGroups(s), listLogGroups(s), deleteLogGroup(s), putLogGroupDeletionProtection(s),
		putRetentionPolicy(s), deleteRetentionPolicy(s),
		createLogStream(s), describeLogStreams(s), deleteLogStream(s),
		putLogEvents(s), getLogEvents(s), filterLogEvents(s), getLogRecord(s), startLiveTail(s),
		putResourcePolicy(s), describeResourcePolicies(s), deleteResourcePolicy(s),
		tagResource(s), untagResource(s), listTagsForResource(s),
		tagLogGroup(s), untagLogGroup(s), listTagsLogGroup(s),
		putMetricFilter(s), describeMetricFilters(s), deleteMetricFilter(s), testMetricFilter(),
		putSubscriptionFilter(s), describeSubscriptionFilters(s), deleteSubscriptionFilter(s),
		putQueryDefinition(s), describeQueryDefinitions(s), deleteQueryDefinition(s),
		getLookupTable(s), describeLookupTables(s), deleteLookupTable(s),
	}, unavailable())
}

// Empty is the output of an operation that answers nothing.
type Empty struct{}

// define makes one of this service's operations. find checks the input and
// says which group, and perhaps stream, it is about.
func define[In, Out any](name string, find func(*api.Call, *In) (target, error),
	handle func(ctx context.Context, t target, in *In) (*Out, error),
) api.Operation {
	return api.Define("logs", name,
		func(c *api.Call, in *In) ([]api.Need, error) {
			t, err := find(c, in)
			if err != nil {
				return nil, err
			}
			return t.needs(name), nil
		},
		func(ctx context.Context, c *api.Call, in *In) (*Out, error) {
			t, err := find(c, in)
			if err != nil {
				return nil, err
			}
			return handle(ctx, t, in)
		})
}
