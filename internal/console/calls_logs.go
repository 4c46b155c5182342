package console

import (
	"context"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	logsapi "waybill/internal/api/logs"
	"waybill/internal/awserr"
)

// logGroups lists the names of the account's log groups in the call's Region,
// but for the audit trail, into which nobody may publish.
func (c calls) logGroups(ctx context.Context, call *api.Call) ([]string, error) {
	var list []string
	in := &logsapi.DescribeLogGroupsInput{}
	for {
		out, err := api.Invoke[logsapi.DescribeLogGroupsOutput](ctx, c.door, call, logsService, "DescribeLogGroups", in)
		if err != nil {
			return nil, err
		}
		for _, g := range out.LogGroups {
			if g.LogGroupName != auditGroup {
				list = append(list, g.LogGroupName)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == "" {
			return list, nil
		}
	}
}

// roles lists the account's roles but the service-linked one, which the form
// offers by itself.
func (c calls) roles(ctx context.Context, call *api.Call) ([]choice, error) {
	var list []choice
	in := &iamapi.ListRolesInput{}
	for {
		out, err := api.Invoke[iamapi.ListRolesOutput](ctx, c.door, call, iamService, "ListRoles", in)
		if err != nil {
			return nil, err
		}
		for _, r := range out.Roles {
			if r.RoleName != serviceRoleName {
				list = append(list, choice{Value: r.Arn, Name: r.RoleName})
			}
		}
		if in.Marker = out.Marker; in.Marker == "" {
			return list, nil
		}
	}
}

// logGroup describes the group of exactly that name; ok is false when there is none.
func (c calls) logGroup(ctx context.Context, call *api.Call, name string) (eventGroup, bool, error) {
	// The prefix's own name sorts first among the groups that begin with it.
	out, err := api.Invoke[logsapi.DescribeLogGroupsOutput](ctx, c.door, call, logsService, "DescribeLogGroups",
		&logsapi.DescribeLogGroupsInput{LogGroupNamePrefix: name})
	if err != nil || len(out.LogGroups) == 0 || out.LogGroups[0].LogGroupName != name {
		return eventGroup{}, false, err
	}
	g := out.LogGroups[0]
	return eventGroup{name: name, created: g.CreationTime, retention: g.RetentionInDays}, true, nil
}

// events returns a reader of the group's events that the filter pattern matches.
func (c calls) events(call *api.Call, group, pattern string) reader {
	return func(ctx context.Context, from, to int64, limit int, token string) ([]logEvent, string, error) {
		// AWS's endTime is not included.
		from, end := max(from, 0), to+1
		if end <= from {
			return nil, "", nil
		}
		out, err := api.Invoke[logsapi.FilterLogEventsOutput](ctx, c.door, call, logsService, "FilterLogEvents", &logsapi.FilterLogEventsInput{
			LogGroupName: &group, FilterPattern: pattern, StartTime: &from, EndTime: &end, Limit: &limit, NextToken: token,
		})
		if awserr.HasCode(err, "ResourceNotFoundException") {
			// Deleted since the page began to read it.
			return nil, "", nil
		}
		if err != nil {
			return nil, "", err
		}
		list := make([]logEvent, len(out.Events))
		for i, e := range out.Events {
			list[i] = logEvent{At: e.Timestamp, ID: e.EventID, Message: e.Message}
		}
		return list, out.NextToken, nil
	}
}
