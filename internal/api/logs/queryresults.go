package logsapi

import (
	"context"
	"strconv"
	"time"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/awserr"
	"waybill/internal/insights"
	"waybill/internal/logs"
)

// GetQueryResultsInput is CloudWatch Logs'. explain is Waybill's own: with it the
// answer says how the query was run.
type GetQueryResultsInput struct {
	QueryID   *string `json:"queryId"`
	MaxItems  *int    `json:"maxItems,omitempty"`
	NextToken string  `json:"nextToken,omitempty"`
	Explain   bool    `json:"explain,omitempty"`
}

// GetQueryResultsOutput is CloudWatch Logs', and two members of Waybill's own that
// AWS's clients pass over: statusReason, why a query failed, and plan.
type GetQueryResultsOutput struct {
	QueryLanguage string          `json:"queryLanguage"`
	Results       [][]ResultField `json:"results"`
	Statistics    QueryStatistics `json:"statistics"`
	Status        string          `json:"status"`
	NextToken     string          `json:"nextToken,omitempty"`
	StatusReason  string          `json:"statusReason,omitempty"`
	Plan          string          `json:"plan,omitempty"`
}

// ResultField is one field of a row.
type ResultField struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// QueryStatistics is CloudWatch Logs'. Nothing is ever skipped by an index here,
// as AWS understands it.
type QueryStatistics struct {
	RecordsMatched          float64 `json:"recordsMatched"`
	RecordsScanned          float64 `json:"recordsScanned"`
	EstimatedRecordsSkipped float64 `json:"estimatedRecordsSkipped"`
	BytesScanned            float64 `json:"bytesScanned"`
	EstimatedBytesSkipped   float64 `json:"estimatedBytesSkipped"`
	LogGroupsScanned        float64 `json:"logGroupsScanned"`
	ResultCount             float64 `json:"resultCount"`
}

// maxResultsPage is the largest page of GetQueryResults.
const maxResultsPage = 10_000

func getQueryResults(s *insights.Service) api.Operation {
	return api.Define("logs", "GetQueryResults", anyQuery[GetQueryResultsInput]("GetQueryResults"),
		func(ctx context.Context, c *api.Call, in *GetQueryResultsInput) (*GetQueryResultsOutput, error) {
			from, size, err := in.page()
			if err != nil {
				return nil, err
			}
			a, err := s.Results(ctx, c.Caller.Account, *in.QueryID)
			if err != nil {
				return nil, err
			}
			st := a.Statistics
			out := &GetQueryResultsOutput{QueryLanguage: languages[0], Results: [][]ResultField{}, Status: string(a.Status), StatusReason: a.Reason,
				Statistics: QueryStatistics{RecordsMatched: st.RecordsMatched, RecordsScanned: st.RecordsScanned,
					BytesScanned: st.BytesScanned, LogGroupsScanned: st.LogGroupsScanned, ResultCount: st.ResultCount}}
			if in.Explain {
				out.Plan = a.Plan
			}
			to := min(from+size, len(a.Rows))
			for _, row := range a.Rows[min(from, to):to] {
				fields := make([]ResultField, len(row))
				for i, f := range row {
					fields[i] = ResultField{f.Name, f.Value}
				}
				out.Results = append(out.Results, fields)
			}
			if to < len(a.Rows) && a.Status.Ended() {
				out.NextToken = queryPageToken(*in.QueryID, strconv.Itoa(to))
			}
			return out, nil
		})
}

// page returns how many rows come before the page and how many it has at most.
func (in *GetQueryResultsInput) page() (from, size int, err error) {
	if in.QueryID == nil {
		return 0, 0, validate.Missing(codeParameter, "queryId")
	}
	size = maxResultsPage
	if in.MaxItems != nil {
		var v validate.Checks
		v.Range("maxItems", int64(*in.MaxItems), 1, maxResultsPage)
		if err := v.Err(codeParameter); err != nil {
			return 0, 0, err
		}
		size = *in.MaxItems
	}
	if in.NextToken == "" {
		return 0, size, nil
	}
	text, ok := parseQueryPageToken(in.NextToken, *in.QueryID)
	from, err = strconv.Atoi(text)
	if !ok || err != nil || from < 0 {
		return 0, 0, awserr.New(codeParameter, "The specified nextToken is invalid.")
	}
	return from, size, nil
}

// GetLogGroupFieldsInput is CloudWatch Logs'. time is in seconds since the Unix
// epoch; milliseconds are understood as well.
type GetLogGroupFieldsInput struct {
	LogGroupName       *string `json:"logGroupName,omitempty"`
	LogGroupIdentifier *string `json:"logGroupIdentifier,omitempty"`
	Time               *int64  `json:"time,omitempty"`
}

// GetLogGroupFieldsOutput is CloudWatch Logs'.
type GetLogGroupFieldsOutput struct {
	LogGroupFields []LogGroupField `json:"logGroupFields"`
}

// LogGroupField is one field and how many of a hundred events have it.
type LogGroupField struct {
	Name    string `json:"name"`
	Percent int    `json:"percent"`
}

// The time that GetLogGroupFields looks at (API reference): the last 15 minutes,
// or 8 minutes before and after the time given.
const (
	fieldsBack   = 15 * time.Minute
	fieldsAround = 8 * time.Minute
)

func getLogGroupFields(s *insights.Service) api.Operation {
	return api.Define("logs", "GetLogGroupFields",
		func(c *api.Call, in *GetLogGroupFieldsInput) ([]api.Need, error) {
			t, err := identified(c, in.LogGroupName, in.LogGroupIdentifier)
			if err != nil {
				return nil, err
			}
			return t.needs("GetLogGroupFields"), nil
		},
		func(ctx context.Context, c *api.Call, in *GetLogGroupFieldsInput) (*GetLogGroupFieldsOutput, error) {
			t, err := identified(c, in.LogGroupName, in.LogGroupIdentifier)
			if err != nil {
				return nil, err
			}
			to := c.Time.UnixMilli()
			from := to - fieldsBack.Milliseconds()
			if in.Time != nil {
				at := queryTime(*in.Time, 0)
				from, to = at-fieldsAround.Milliseconds(), at+fieldsAround.Milliseconds()
			}
			list, err := s.Fields(ctx, logs.GroupName{Scope: t.Scope, Name: t.group}, from, to)
			if err != nil {
				return nil, err
			}
			out := &GetLogGroupFieldsOutput{LogGroupFields: make([]LogGroupField, len(list))}
			for i, f := range list {
				out.LogGroupFields[i] = LogGroupField(f)
			}
			return out, nil
		})
}
