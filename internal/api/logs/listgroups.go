package logsapi

import (
	"context"
	"regexp"
	"strings"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/logs"
)

// ListLogGroupsInput is CloudWatch Logs'. There are no linked accounts, data
// sources and field indexes here, so a filter on one of the last two finds nothing.
type ListLogGroupsInput struct {
	AccountIdentifiers    []string           `json:"accountIdentifiers,omitempty"`
	IncludeLinkedAccounts bool               `json:"includeLinkedAccounts,omitempty"`
	DataSources           []DataSourceFilter `json:"dataSources,omitempty"`
	FieldIndexNames       []string           `json:"fieldIndexNames,omitempty"`
	LogGroupClass         string             `json:"logGroupClass,omitempty"`
	LogGroupNamePattern   *string            `json:"logGroupNamePattern,omitempty"`
	LogGroupTags          []TagFilter        `json:"logGroupTags,omitempty"`
	Limit                 *int               `json:"limit,omitempty"`
	NextToken             string             `json:"nextToken,omitempty"`
}

// DataSourceFilter is CloudWatch Logs'.
type DataSourceFilter struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

// TagFilter is CloudWatch Logs': a tag that a group has, of one of the values if
// there are any. A value may begin with "!" (is not) and have a "*" at either end.
type TagFilter struct {
	Key    string   `json:"key"`
	Values []string `json:"values,omitempty"`
}

// ListLogGroupsOutput is CloudWatch Logs'.
type ListLogGroupsOutput struct {
	LogGroups []LogGroupSummary `json:"logGroups"`
	NextToken string            `json:"nextToken,omitempty"`
}

// LogGroupSummary is an entry of ListLogGroups.
type LogGroupSummary struct {
	LogGroupName  string `json:"logGroupName"`
	LogGroupArn   string `json:"logGroupArn"`
	LogGroupClass string `json:"logGroupClass"`
}

const (
	listPage        = 1000
	listDefault     = 50
	listNamePattern = `(\^?[\.\-_\/#A-Za-z0-9]{3,24})(\|\^?[\.\-_\/#A-Za-z0-9]{3,24}){0,4}`
)

var namePattern = regexp.MustCompile(`\A` + listNamePattern + `\z`)

func listLogGroups(s *logs.Service) api.Operation {
	return define("ListLogGroups",
		func(c *api.Call, in *ListLogGroupsInput) (target, error) {
			var v validate.Checks
			checkAccounts(&v, in.AccountIdentifiers)
			if in.LogGroupClass != "" {
				v.OneOf("logGroupClass", in.LogGroupClass, classes...)
			}
			if p := in.LogGroupNamePattern; p != nil {
				v.Length("logGroupNamePattern", *p, 3, 129)
				v.Pattern("logGroupNamePattern", *p, namePattern, listNamePattern)
			}
			validate.Count(&v, "dataSources", in.DataSources, 0, 5)
			validate.Count(&v, "fieldIndexNames", in.FieldIndexNames, 0, 20)
			validate.Count(&v, "logGroupTags", in.LogGroupTags, 0, 5)
			return target{Scope: scopeOf(c)}, v.Err(codeParameter)
		},
		func(ctx context.Context, t target, in *ListLogGroupsInput) (*ListLogGroupsOutput, error) {
			limit, err := limitOr(in.Limit, listDefault, listPage)
			if err != nil {
				return nil, err
			}
			after, err := fromNameToken(in.NextToken)
			if err != nil {
				return nil, err
			}
			out := &ListLogGroupsOutput{LogGroups: []LogGroupSummary{}}
			if len(in.DataSources) > 0 || len(in.FieldIndexNames) > 0 || elsewhere(t, in.IncludeLinkedAccounts, in.AccountIdentifiers) {
				return out, nil
			}
			groups, more, err := s.DescribeLogGroups(ctx, t.Scope, in.list(after, limit))
			if err != nil {
				return nil, err
			}
			for i := range groups {
				g := &groups[i]
				out.LogGroups = append(out.LogGroups, LogGroupSummary{g.Name, g.ARN(), g.Class})
			}
			if more {
				out.NextToken = nameToken(groups[len(groups)-1].Name)
			}
			return out, nil
		})
}

func (in *ListLogGroupsInput) list(after string, limit int) logs.GroupList {
	l := logs.GroupList{Class: in.LogGroupClass, After: after, Limit: limit}
	if in.LogGroupNamePattern != nil {
		parts := strings.Split(*in.LogGroupNamePattern, "|")
		l.Name = func(name string) bool { return matchesPart(name, parts) }
	}
	if len(in.LogGroupTags) > 0 {
		filters := make([]logs.TagFilter, len(in.LogGroupTags))
		for i, f := range in.LogGroupTags {
			filters[i] = logs.TagFilter(f)
		}
		l.Tags = logs.AllFit(filters)
	}
	return l
}

// matchesPart tells whether a name contains one of the parts, or begins with one after "^".
func matchesPart(name string, parts []string) bool {
	for _, p := range parts {
		prefix, anchored := strings.CutPrefix(p, "^")
		if anchored && strings.HasPrefix(name, prefix) || !anchored && strings.Contains(name, p) {
			return true
		}
	}
	return false
}

var accountID = regexp.MustCompile(`\A\d{12}\z`)

func checkAccounts(v *validate.Checks, ids []string) {
	validate.Count(v, "accountIdentifiers", ids, 0, 20)
	for _, id := range ids {
		v.Pattern("accountIdentifiers", id, accountID, `^\d{12}$`)
	}
}

// elsewhere tells that only other accounts are asked about, which are not linked here.
func elsewhere(t target, linked bool, accounts []string) bool {
	if !linked || len(accounts) == 0 {
		return false
	}
	for _, a := range accounts {
		if a == t.Account {
			return false
		}
	}
	return true
}
