package logsapi

import (
	"context"
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strings"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/insights"
	"waybill/internal/logs"
)

// QueryOperations returns the operations of Logs Insights, and those that can make
// a lookup table of a query's answer.
func QueryOperations(s *insights.Service) []api.Operation {
	return []api.Operation{
		startQuery(s), getQueryResults(s), stopQuery(s), describeQueries(s), listLogGroupsForQuery(s), getLogGroupFields(s),
		createLookupTable(s), updateLookupTable(s),
	}
}

// StartQueryInput is CloudWatch Logs'. Times are seconds since the Unix epoch;
// milliseconds are understood as well.
type StartQueryInput struct {
	LogGroupName        *string  `json:"logGroupName,omitempty"`
	LogGroupNames       []string `json:"logGroupNames,omitempty"`
	LogGroupIdentifiers []string `json:"logGroupIdentifiers,omitempty"`
	QueryLanguage       string   `json:"queryLanguage,omitempty"`
	QueryString         *string  `json:"queryString"`
	StartTime           *int64   `json:"startTime"`
	EndTime             *int64   `json:"endTime"`
	Limit               *int     `json:"limit,omitempty"`

	// reads is what permission was asked for: the query may read nothing that a SOURCE
	// finds only later.
	reads queryReads
}

// queryReads is what a query reads, or why there is none.
type queryReads struct {
	groups []logs.GroupName
	source insights.Sources
	err    error
}

// StartQueryOutput is CloudWatch Logs'.
type StartQueryOutput struct {
	QueryID string `json:"queryId"`
}

// The bounds of StartQuery's members (API reference, "StartQuery").
const (
	maxQueryText   = 10_000
	maxQueryLimit  = 100_000
	maxQueryGroups = 50
)

func startQuery(s *insights.Service) api.Operation {
	return api.Define("logs", "StartQuery",
		func(c *api.Call, in *StartQueryInput) ([]api.Need, error) {
			if err := in.check(); err != nil {
				return nil, err
			}
			r := &in.reads
			r.groups, r.source, r.err = in.groups(context.Background(), s, c)
			if r.err != nil && len(r.source.Prefixes) == 0 {
				return nil, r.err
			}
			// What is wrong with the groups of a SOURCE is told below, to whom it may be.
			var needs []api.Need
			for _, p := range r.source.Prefixes {
				needs = append(needs, queryNeed(logs.GroupName{Scope: p.Scope, Name: p.Name + "*"}))
			}
			for _, g := range slices.Concat(r.groups, r.source.Subgroups) {
				needs = append(needs, queryNeed(g))
			}
			for _, name := range r.source.Tables {
				needs = append(needs, api.Need{Action: "logs:GetLookupTable", Resource: target{Scope: scopeOf(c), table: name}.resource()})
			}
			return needs, nil
		},
		func(ctx context.Context, c *api.Call, in *StartQueryInput) (*StartQueryOutput, error) {
			if in.reads.err != nil {
				return nil, in.reads.err
			}
			if len(in.reads.groups) == 0 {
				return nil, awserr.New(codeParameter, "SOURCE finds no log group.")
			}
			r := insights.Request{Scope: scopeOf(c), Caller: c.Caller.ARN, Groups: in.reads.groups, Subgroups: in.reads.source.Subgroups, Text: *in.QueryString,
				Start: queryTime(*in.StartTime, 0), End: queryTime(*in.EndTime, 999)}
			if in.Limit != nil {
				r.Limit = *in.Limit
			}
			id, err := s.Start(ctx, r)
			if err != nil {
				return nil, noQueryGroup(c, err)
			}
			return &StartQueryOutput{QueryID: id}, nil
		})
}

func queryNeed(g logs.GroupName) api.Need {
	return api.Need{Action: "logs:StartQuery", Resource: arn.LogStream(g.Region, g.Account, g.Name, "")}
}

// noQueryGroup gives the error for a missing group the end that AWS's has.
func noQueryGroup(c *api.Call, err error) error {
	var e *awserr.Error
	if !errors.As(err, &e) || e.Code != "ResourceNotFoundException" {
		return err
	}
	return awserr.New(e.Code, "%s (Service: AWSLogs; Status Code: 400; Error Code: %s; Request ID: %s; Proxy: null)", e.Message, e.Code, c.RequestID)
}

// queryTime reads a time of StartQuery, which is in seconds, as milliseconds; a
// second ends with its last one. What would be after the year 5138 as seconds is
// in milliseconds already.
func queryTime(t, last int64) int64 {
	if t >= 100_000_000_000 {
		return t
	}
	return t*1000 + last
}

func (in *StartQueryInput) check() error {
	var v validate.Checks
	v.Required("startTime", in.StartTime != nil)
	v.Required("endTime", in.EndTime != nil)
	v.Required("queryString", in.QueryString != nil)
	if in.StartTime != nil {
		v.Range("startTime", *in.StartTime, 0, math.MaxInt64)
	}
	if in.EndTime != nil {
		v.Range("endTime", *in.EndTime, 0, math.MaxInt64)
	}
	if in.QueryString != nil {
		v.Length("queryString", *in.QueryString, 0, maxQueryText)
	}
	if in.Limit != nil {
		v.Range("limit", int64(*in.Limit), 1, maxQueryLimit)
	}
	validate.Count(&v, "logGroupNames", in.LogGroupNames, 0, maxQueryGroups)
	validate.Count(&v, "logGroupIdentifiers", in.LogGroupIdentifiers, 0, maxQueryGroups)
	if in.QueryLanguage != "" {
		v.OneOf("queryLanguage", in.QueryLanguage, languages...)
	}
	if err := v.Err(codeParameter); err != nil {
		return err
	}
	if in.QueryLanguage != "" && in.QueryLanguage != languages[0] {
		return awserr.New(codeParameter, "The query language %s is not supported. Use CWLI.", in.QueryLanguage)
	}
	if queryTime(*in.EndTime, 999) < queryTime(*in.StartTime, 0) {
		return awserr.New(codeParameter, "endTime must be equal to or greater than startTime")
	}
	return nil
}

// groups returns the log groups that the query is about, and what its text names
// by SOURCE.
func (in *StartQueryInput) groups(ctx context.Context, s *insights.Service, c *api.Call) (groups []logs.GroupName, source insights.Sources, err error) {
	if source, err = s.Sources(ctx, scopeOf(c), *in.QueryString); err != nil {
		return nil, source, err
	}
	given := 0
	for _, is := range []bool{in.LogGroupName != nil, len(in.LogGroupNames) > 0, len(in.LogGroupIdentifiers) > 0} {
		if is {
			given++
		}
	}
	switch {
	case source.Own && given > 0:
		return nil, source, awserr.New(codeParameter, "A query with a SOURCE command takes no logGroupName, logGroupNames or logGroupIdentifiers.")
	case !source.Own && given != 1:
		return nil, source, awserr.New(codeParameter, "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.")
	}
	names := in.LogGroupNames
	if in.LogGroupName != nil {
		names = []string{*in.LogGroupName}
	}
	for _, name := range names {
		t, err := inGroup(c, &name)
		if err != nil {
			return nil, source, err
		}
		groups = append(groups, logs.GroupName{Scope: t.Scope, Name: t.group})
	}
	for _, id := range in.LogGroupIdentifiers {
		t, err := identified(c, nil, &id)
		if err != nil {
			return nil, source, err
		}
		groups = append(groups, logs.GroupName{Scope: t.Scope, Name: t.group})
	}
	return append(groups, source.Groups...), source, nil
}

// anyQuery is the permission of an operation on queries, which have no ARN.
func anyQuery[In any](name string) func(*api.Call, *In) ([]api.Need, error) {
	return func(*api.Call, *In) ([]api.Need, error) {
		return []api.Need{{Action: "logs:" + name, Resource: "*"}}, nil
	}
}

// StopQueryInput is CloudWatch Logs'.
type StopQueryInput struct {
	QueryID *string `json:"queryId"`
}

// StopQueryOutput is CloudWatch Logs'.
type StopQueryOutput struct {
	Success bool `json:"success"`
}

func stopQuery(s *insights.Service) api.Operation {
	return api.Define("logs", "StopQuery", anyQuery[StopQueryInput]("StopQuery"),
		func(ctx context.Context, c *api.Call, in *StopQueryInput) (*StopQueryOutput, error) {
			if in.QueryID == nil {
				return nil, validate.Missing(codeParameter, "queryId")
			}
			if err := s.Stop(ctx, c.Caller.Account, *in.QueryID); err != nil {
				return nil, err
			}
			return &StopQueryOutput{Success: true}, nil
		})
}

// ListLogGroupsForQueryInput is CloudWatch Logs'. A query has at most one page of
// log groups.
type ListLogGroupsForQueryInput struct {
	QueryID    *string `json:"queryId"`
	MaxResults *int    `json:"maxResults,omitempty"`
	NextToken  string  `json:"nextToken,omitempty"`
}

// ListLogGroupsForQueryOutput is CloudWatch Logs'.
type ListLogGroupsForQueryOutput struct {
	LogGroupIdentifiers []string `json:"logGroupIdentifiers"`
}

func listLogGroupsForQuery(s *insights.Service) api.Operation {
	return api.Define("logs", "ListLogGroupsForQuery", anyQuery[ListLogGroupsForQueryInput]("ListLogGroupsForQuery"),
		func(_ context.Context, c *api.Call, in *ListLogGroupsForQueryInput) (*ListLogGroupsForQueryOutput, error) {
			if in.QueryID == nil {
				return nil, validate.Missing(codeParameter, "queryId")
			}
			groups, err := s.Groups(c.Caller.Account, *in.QueryID)
			if err != nil {
				return nil, err
			}
			out := &ListLogGroupsForQueryOutput{LogGroupIdentifiers: []string{}}
			for _, g := range groups {
				out.LogGroupIdentifiers = append(out.LogGroupIdentifiers, arn.LogGroup(g.Region, g.Account, g.Name))
			}
			return out, nil
		})
}

// DescribeQueriesInput is CloudWatch Logs'.
type DescribeQueriesInput struct {
	LogGroupName  *string `json:"logGroupName,omitempty"`
	Status        string  `json:"status,omitempty"`
	QueryLanguage string  `json:"queryLanguage,omitempty"`
	MaxResults    *int    `json:"maxResults,omitempty"`
	NextToken     string  `json:"nextToken,omitempty"`
}

// DescribeQueriesOutput is CloudWatch Logs'.
type DescribeQueriesOutput struct {
	Queries   []QueryInfo `json:"queries"`
	NextToken string      `json:"nextToken,omitempty"`
}

// QueryInfo is an entry of DescribeQueries. createTime and queryDuration are in milliseconds.
type QueryInfo struct {
	QueryLanguage string  `json:"queryLanguage"`
	QueryID       string  `json:"queryId"`
	QueryString   string  `json:"queryString"`
	Status        string  `json:"status"`
	CreateTime    int64   `json:"createTime"`
	LogGroupName  string  `json:"logGroupName,omitempty"`
	QueryDuration int64   `json:"queryDuration"`
	BytesScanned  float64 `json:"bytesScanned"`
	UserIdentity  string  `json:"userIdentity"`
}

var statuses = []string{"Scheduled", "Running", "Complete", "Failed", "Cancelled", "Timeout", "Unknown"}

// maxQueriesPage is the largest page of DescribeQueries.
const maxQueriesPage = 1000

func describeQueries(s *insights.Service) api.Operation {
	return api.Define("logs", "DescribeQueries", anyQuery[DescribeQueriesInput]("DescribeQueries"),
		func(_ context.Context, c *api.Call, in *DescribeQueriesInput) (*DescribeQueriesOutput, error) {
			l, err := in.list(c)
			if err != nil {
				return nil, err
			}
			out := &DescribeQueriesOutput{Queries: []QueryInfo{}}
			if in.QueryLanguage != "" && in.QueryLanguage != languages[0] {
				return out, nil
			}
			page, more := s.Describe(l)
			for _, q := range page {
				out.Queries = append(out.Queries, QueryInfo{languages[0], q.ID, q.Text, string(q.Status), q.Created, q.Group,
					q.Duration.Milliseconds(), q.BytesScanned, q.Caller})
			}
			if more {
				out.NextToken = nameToken(page[len(page)-1].ID)
			}
			return out, nil
		})
}

func (in *DescribeQueriesInput) list(c *api.Call) (insights.List, error) {
	var v validate.Checks
	l := insights.List{Account: c.Caller.Account, Region: c.Region, Status: insights.Status(in.Status), Limit: maxQueriesPage}
	if in.Status != "" {
		v.OneOf("status", in.Status, statuses...)
	}
	if in.QueryLanguage != "" {
		v.OneOf("queryLanguage", in.QueryLanguage, languages...)
	}
	if in.MaxResults != nil {
		v.Range("maxResults", int64(*in.MaxResults), 1, maxQueriesPage)
		l.Limit = *in.MaxResults
	}
	if err := v.Err(codeParameter); err != nil {
		return l, err
	}
	if in.LogGroupName != nil {
		l.Group = *in.LogGroupName
		if err := checkGroupName("logGroupName", l.Group); err != nil {
			return l, err
		}
	}
	var err error
	l.After, err = fromNameToken(in.NextToken)
	return l, err
}

// pageToken and its inverse make the nextToken of GetQueryResults: the query and
// how many rows came before.
func queryPageToken(id, from string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(id + "/" + from))
}

func parseQueryPageToken(token, id string) (from string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", false
	}
	of, from, ok := strings.Cut(string(raw), "/")
	return from, ok && of == id
}
