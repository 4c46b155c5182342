package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/logs"
	"waybill/internal/logs/pattern"
)

// PutLogEventsInput is CloudWatch Logs'. entity, which belongs to Application
// Signals, is checked and has no effect.
type PutLogEventsInput struct {
	LogGroupName  *string         `json:"logGroupName"`
	LogStreamName *string         `json:"logStreamName"`
	LogEvents     []InputLogEvent `json:"logEvents"`
	SequenceToken *string         `json:"sequenceToken,omitempty"`
	Entity        *Entity         `json:"entity,omitempty"`
	// plain is LogEvents as DecodeJSON reads them.
	plain []logs.InputEvent
}

// InputLogEvent is one event of PutLogEvents.
type InputLogEvent struct {
	Timestamp *int64  `json:"timestamp"`
	Message   *string `json:"message"`
}

// PutLogEventsOutput is CloudWatch Logs'.
type PutLogEventsOutput struct {
	NextSequenceToken     string                 `json:"nextSequenceToken"`
	RejectedLogEventsInfo *RejectedLogEventsInfo `json:"rejectedLogEventsInfo,omitempty"`
	RejectedEntityInfo    *RejectedEntityInfo    `json:"rejectedEntityInfo,omitempty"`
}

// RejectedLogEventsInfo tells which events of a batch were left out.
type RejectedLogEventsInfo struct {
	TooNewLogEventStartIndex *int `json:"tooNewLogEventStartIndex,omitempty"`
	TooOldLogEventEndIndex   *int `json:"tooOldLogEventEndIndex,omitempty"`
	ExpiredLogEventEndIndex  *int `json:"expiredLogEventEndIndex,omitempty"`
}

func putLogEvents(s *logs.Service) api.Operation {
	return define("PutLogEvents",
		func(c *api.Call, in *PutLogEventsInput) (target, error) {
			t, err := onStream(c, &StreamInput{in.LogGroupName, in.LogStreamName})
			if err == nil && in.LogEvents == nil && in.plain == nil {
				err = validate.Missing(codeParameter, "logEvents")
			}
			if err == nil {
				err = in.Entity.check()
			}
			return t, err
		},
		func(ctx context.Context, t target, in *PutLogEventsInput) (*PutLogEventsOutput, error) {
			events, err := in.events()
			if err != nil {
				return nil, err
			}
			r, err := s.PutLogEvents(ctx, t.Scope, t.group, t.stream, events, in.SequenceToken)
			if err != nil {
				return nil, err
			}
			out := &PutLogEventsOutput{NextSequenceToken: r.NextToken, RejectedEntityInfo: in.Entity.rejected()}
			if r.Rejected != nil {
				out.RejectedLogEventsInfo = &RejectedLogEventsInfo{
					TooNewLogEventStartIndex: r.Rejected.TooNewStart,
					TooOldLogEventEndIndex:   r.Rejected.TooOldEnd,
					ExpiredLogEventEndIndex:  r.Rejected.ExpiredEnd,
				}
			}
			return out, nil
		})
}

func (in *PutLogEventsInput) events() ([]logs.InputEvent, error) {
	if in.plain != nil {
		return in.plain, nil
	}
	events := make([]logs.InputEvent, len(in.LogEvents))
	for i, e := range in.LogEvents {
		if e.Timestamp == nil {
			return nil, missingIn(i, "timestamp")
		}
		if e.Message == nil {
			return nil, missingIn(i, "message")
		}
		events[i] = logs.InputEvent{Timestamp: *e.Timestamp, Message: *e.Message}
	}
	return events, nil
}

// GetLogEventsInput is CloudWatch Logs'. unmask has no effect: nothing is masked.
type GetLogEventsInput struct {
	LogGroupName       *string `json:"logGroupName,omitempty"`
	LogGroupIdentifier *string `json:"logGroupIdentifier,omitempty"`
	LogStreamName      *string `json:"logStreamName"`
	StartTime          *int64  `json:"startTime,omitempty"`
	EndTime            *int64  `json:"endTime,omitempty"`
	Limit              *int    `json:"limit,omitempty"`
	NextToken          string  `json:"nextToken,omitempty"`
	StartFromHead      bool    `json:"startFromHead,omitempty"`
	Unmask             bool    `json:"unmask,omitempty"`
}

// GetLogEventsOutput is CloudWatch Logs'.
type GetLogEventsOutput struct {
	Events            []OutputLogEvent `json:"events"`
	NextForwardToken  string           `json:"nextForwardToken"`
	NextBackwardToken string           `json:"nextBackwardToken"`
}

// OutputLogEvent is an event of GetLogEvents.
type OutputLogEvent struct {
	Timestamp     int64  `json:"timestamp"`
	Message       string `json:"message"`
	IngestionTime int64  `json:"ingestionTime"`
}

func getLogEvents(s *logs.Service) api.Operation {
	return define("GetLogEvents",
		func(c *api.Call, in *GetLogEventsInput) (target, error) {
			t, err := identified(c, in.LogGroupName, in.LogGroupIdentifier)
			if err != nil {
				return t, err
			}
			if t, err = t.inStream(in.LogStreamName); err != nil {
				return t, err
			}
			return t, checkTimes(in.StartTime, in.EndTime)
		},
		func(ctx context.Context, t target, in *GetLogEventsInput) (*GetLogEventsOutput, error) {
			p, err := s.GetLogEvents(ctx, t.Scope, logs.GetQuery{
				Group: t.group, Stream: t.stream, Start: in.StartTime, End: in.EndTime,
				Limit: in.Limit, FromHead: in.StartFromHead, Token: in.NextToken,
			})
			if err != nil {
				return nil, err
			}
			out := &GetLogEventsOutput{Events: make([]OutputLogEvent, len(p.Events)), NextForwardToken: p.Forward, NextBackwardToken: p.Backward}
			for i, e := range p.Events {
				out.Events[i] = OutputLogEvent{e.Time, e.Message, e.Ingested}
			}
			return out, nil
		})
}

func checkTimes(start, end *int64) error {
	var v validate.Checks
	if start != nil && *start < 0 {
		v.Range("startTime", *start, 0, 0)
	}
	if end != nil && *end < 0 {
		v.Range("endTime", *end, 0, 0)
	}
	return v.Err(codeParameter)
}

// FilterLogEventsInput is CloudWatch Logs'. interleaved has no effect: events
// always are, as AWS does since 2019. unmask has none either.
type FilterLogEventsInput struct {
	LogGroupName        *string  `json:"logGroupName,omitempty"`
	LogGroupIdentifier  *string  `json:"logGroupIdentifier,omitempty"`
	LogStreamNames      []string `json:"logStreamNames,omitempty"`
	LogStreamNamePrefix *string  `json:"logStreamNamePrefix,omitempty"`
	StartTime           *int64   `json:"startTime,omitempty"`
	EndTime             *int64   `json:"endTime,omitempty"`
	FilterPattern       string   `json:"filterPattern,omitempty"`
	Limit               *int     `json:"limit,omitempty"`
	NextToken           string   `json:"nextToken,omitempty"`
	StartFromHead       *bool    `json:"startFromHead,omitempty"`
	Interleaved         *bool    `json:"interleaved,omitempty"`
	Unmask              bool     `json:"unmask,omitempty"`
}

// FilterLogEventsOutput is CloudWatch Logs'. searchedLogStreams is always
// empty, as AWS answers since 2020.
type FilterLogEventsOutput struct {
	Events             []FilteredLogEvent  `json:"events"`
	SearchedLogStreams []SearchedLogStream `json:"searchedLogStreams"`
	NextToken          string              `json:"nextToken,omitempty"`
}

// FilteredLogEvent is an event of FilterLogEvents.
type FilteredLogEvent struct {
	LogStreamName string `json:"logStreamName"`
	Timestamp     int64  `json:"timestamp"`
	Message       string `json:"message"`
	IngestionTime int64  `json:"ingestionTime"`
	EventID       string `json:"eventId"`
}

// SearchedLogStream is CloudWatch Logs'; none is ever given.
type SearchedLogStream struct {
	LogStreamName      string `json:"logStreamName"`
	SearchedCompletely bool   `json:"searchedCompletely"`
}

// maxStreamNames is how many streams a FilterLogEvents may name.
const maxStreamNames = 100

func filterLogEvents(s *logs.Service) api.Operation {
	return define("FilterLogEvents",
		func(c *api.Call, in *FilterLogEventsInput) (target, error) {
			t, err := identified(c, in.LogGroupName, in.LogGroupIdentifier)
			if err != nil {
				return t, err
			}
			return t, in.check()
		},
		func(ctx context.Context, t target, in *FilterLogEventsInput) (*FilterLogEventsOutput, error) {
			q := logs.FilterQuery{
				Group: t.group, Streams: in.LogStreamNames, Start: in.StartTime, End: in.EndTime, Limit: in.Limit, Token: in.NextToken,
				Descending: in.StartFromHead != nil && !*in.StartFromHead,
			}
			if in.LogStreamNamePrefix != nil {
				q.StreamPrefix = *in.LogStreamNamePrefix
			}
			if in.FilterPattern != "" {
				p, err := pattern.Parse(in.FilterPattern)
				if err != nil {
					return nil, err
				}
				q.Pattern = p
			}
			events, next, err := s.FilterLogEvents(ctx, t.Scope, q)
			if err != nil {
				return nil, err
			}
			out := &FilterLogEventsOutput{Events: make([]FilteredLogEvent, len(events)), SearchedLogStreams: []SearchedLogStream{}, NextToken: next}
			for i, e := range events {
				out.Events[i] = FilteredLogEvent{e.StreamName, e.Time, e.Message, e.Ingested, e.EventID}
			}
			return out, nil
		})
}

func (in *FilterLogEventsInput) check() error {
	var v validate.Checks
	validate.Count(&v, "logStreamNames", in.LogStreamNames, 0, maxStreamNames)
	v.Length("filterPattern", in.FilterPattern, 0, pattern.MaxLength)
	if p := in.LogStreamNamePrefix; p != nil {
		v.Length("logStreamNamePrefix", *p, 1, maxName)
		v.Pattern("logStreamNamePrefix", *p, streamName, `[^:*]*`)
	}
	if err := v.Err(codeParameter); err != nil {
		return err
	}
	for _, name := range in.LogStreamNames {
		if err := checkStreamName("logStreamNames", name); err != nil {
			return err
		}
	}
	return checkTimes(in.StartTime, in.EndTime)
}
