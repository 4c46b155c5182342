package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/logs"
	"waybill/internal/logs/pattern"
)

// PutSubscriptionFilterInput is CloudWatch Logs'. Nothing is delivered yet.
type PutSubscriptionFilterInput struct {
	LogGroupName           *string  `json:"logGroupName"`
	FilterName             *string  `json:"filterName"`
	FilterPattern          *string  `json:"filterPattern"`
	DestinationArn         *string  `json:"destinationArn"`
	RoleArn                *string  `json:"roleArn,omitempty"`
	Distribution           string   `json:"distribution,omitempty"`
	ApplyOnTransformedLogs bool     `json:"applyOnTransformedLogs,omitempty"`
	EmitSystemFields       []string `json:"emitSystemFields,omitempty"`
	FieldSelectionCriteria string   `json:"fieldSelectionCriteria,omitempty"`
}

// SubscriptionFilter is an entry of DescribeSubscriptionFilters.
type SubscriptionFilter struct {
	FilterName             string   `json:"filterName"`
	LogGroupName           string   `json:"logGroupName"`
	FilterPattern          string   `json:"filterPattern"`
	DestinationArn         string   `json:"destinationArn"`
	RoleArn                string   `json:"roleArn,omitempty"`
	Distribution           string   `json:"distribution"`
	ApplyOnTransformedLogs bool     `json:"applyOnTransformedLogs"`
	CreationTime           int64    `json:"creationTime"`
	EmitSystemFields       []string `json:"emitSystemFields,omitempty"`
	FieldSelectionCriteria string   `json:"fieldSelectionCriteria,omitempty"`
}

// DescribeSubscriptionFiltersInput is CloudWatch Logs'.
type DescribeSubscriptionFiltersInput struct {
	LogGroupName     *string `json:"logGroupName"`
	FilterNamePrefix *string `json:"filterNamePrefix,omitempty"`
	Limit            *int    `json:"limit,omitempty"`
	NextToken        *string `json:"nextToken,omitempty"`
}

// DescribeSubscriptionFiltersOutput is CloudWatch Logs'.
type DescribeSubscriptionFiltersOutput struct {
	SubscriptionFilters []SubscriptionFilter `json:"subscriptionFilters"`
	NextToken           string               `json:"nextToken,omitempty"`
}

// putSubscriptionFilter needs permission to pass the role on as well, as AWS does.
func putSubscriptionFilter(s *logs.Service) api.Operation {
	find := func(c *api.Call, in *PutSubscriptionFilterInput) (target, error) {
		t, err := onFilter(c, &FilterInput{in.LogGroupName, in.FilterName})
		if err != nil {
			return t, err
		}
		return t, in.check()
	}
	return api.Define("logs", "PutSubscriptionFilter",
		func(c *api.Call, in *PutSubscriptionFilterInput) ([]api.Need, error) {
			t, err := find(c, in)
			if err != nil {
				return nil, err
			}
			needs := []api.Need{{Action: "logs:PutSubscriptionFilter", Resource: t.resource()}}
			if in.RoleArn != nil {
				needs = append(needs, api.Need{Action: "iam:PassRole", Resource: *in.RoleArn,
					Context: map[string][]string{"iam:PassedToService": {"logs.amazonaws.com"}}})
			}
			return needs, nil
		},
		func(ctx context.Context, c *api.Call, in *PutSubscriptionFilterInput) (*Empty, error) {
			t, err := find(c, in)
			if err != nil {
				return nil, err
			}
			f := logs.SubscriptionFilter{Group: t.group, Name: *in.FilterName, Pattern: *in.FilterPattern, Destination: *in.DestinationArn}
			if in.RoleArn != nil {
				f.Role = *in.RoleArn
			}
			f.Distribution = in.Distribution
			f.FilterOptions = logs.FilterOptions{
				Transformed: in.ApplyOnTransformedLogs, SystemFields: in.EmitSystemFields, FieldSelection: in.FieldSelectionCriteria,
			}
			return nil, s.PutSubscriptionFilter(ctx, t.Scope, f)
		})
}

func (in *PutSubscriptionFilterInput) check() error {
	var v validate.Checks
	v.Required("filterPattern", in.FilterPattern != nil)
	v.Required("destinationArn", in.DestinationArn != nil)
	if in.FilterPattern != nil {
		v.Length("filterPattern", *in.FilterPattern, 0, pattern.MaxLength)
	}
	if in.DestinationArn != nil {
		v.Length("destinationArn", *in.DestinationArn, 1, 0)
	}
	if in.RoleArn != nil {
		v.Length("roleArn", *in.RoleArn, 1, 0)
	}
	if in.Distribution != "" {
		v.OneOf("distribution", in.Distribution, "Random", "ByLogStream")
	}
	v.Length("fieldSelectionCriteria", in.FieldSelectionCriteria, 0, maxSelection)
	for _, f := range in.EmitSystemFields {
		v.OneOf("emitSystemFields", f, "@aws.account", "@aws.region", "@source.log")
	}
	return v.Err(codeParameter)
}

func deleteSubscriptionFilter(s *logs.Service) api.Operation {
	return define("DeleteSubscriptionFilter", onFilter,
		func(ctx context.Context, t target, in *FilterInput) (*Empty, error) {
			return nil, s.DeleteSubscriptionFilter(ctx, t.Scope, t.group, *in.FilterName)
		})
}

func describeSubscriptionFilters(s *logs.Service) api.Operation {
	return define("DescribeSubscriptionFilters",
		func(c *api.Call, in *DescribeSubscriptionFiltersInput) (target, error) {
			t, err := inGroup(c, in.LogGroupName)
			if err != nil {
				return t, err
			}
			var v validate.Checks
			if in.FilterNamePrefix != nil {
				checkFilterName(&v, "filterNamePrefix", *in.FilterNamePrefix)
			}
			return t, v.Err(codeParameter)
		},
		func(ctx context.Context, t target, in *DescribeSubscriptionFiltersInput) (*DescribeSubscriptionFiltersOutput, error) {
			l := logs.FilterList{Group: t.group}
			if err := pageOf(&l, in.Limit, in.NextToken); err != nil {
				return nil, err
			}
			if in.FilterNamePrefix != nil {
				l.Prefix = *in.FilterNamePrefix
			}
			list, more, err := s.DescribeSubscriptionFilters(ctx, t.Scope, l)
			if err != nil {
				return nil, err
			}
			out := &DescribeSubscriptionFiltersOutput{SubscriptionFilters: make([]SubscriptionFilter, len(list))}
			for i := range list {
				out.SubscriptionFilters[i] = subscriptionFilter(&list[i])
			}
			if more {
				last := list[len(list)-1]
				out.NextToken = pairToken(last.Name, last.Group)
			}
			return out, nil
		})
}

func subscriptionFilter(f *logs.SubscriptionFilter) SubscriptionFilter {
	return SubscriptionFilter{
		FilterName: f.Name, LogGroupName: f.Group, FilterPattern: f.Pattern, DestinationArn: f.Destination, RoleArn: f.Role,
		Distribution: f.Distribution, ApplyOnTransformedLogs: f.Transformed, CreationTime: f.Created,
		EmitSystemFields: f.SystemFields, FieldSelectionCriteria: f.FieldSelection,
	}
}

// pageOf sets where a page of filters begins and how long it is.
func pageOf(l *logs.FilterList, limit *int, token *string) (err error) {
	if l.Limit, err = limitOr(limit, describePage, describePage); err != nil {
		return err
	}
	l.After, l.AfterGroup, err = fromPairToken(token)
	return err
}
