package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/arn"
	"waybill/internal/logs"
)

// StreamInput is the input of operations that only name a stream.
type StreamInput struct {
	LogGroupName  *string `json:"logGroupName"`
	LogStreamName *string `json:"logStreamName"`
}

// DescribeLogStreamsInput is CloudWatch Logs'.
type DescribeLogStreamsInput struct {
	LogGroupName        *string `json:"logGroupName,omitempty"`
	LogGroupIdentifier  *string `json:"logGroupIdentifier,omitempty"`
	LogStreamNamePrefix *string `json:"logStreamNamePrefix,omitempty"`
	OrderBy             string  `json:"orderBy,omitempty"`
	Descending          bool    `json:"descending,omitempty"`
	Limit               *int    `json:"limit,omitempty"`
	NextToken           string  `json:"nextToken,omitempty"`
}

// DescribeLogStreamsOutput is CloudWatch Logs'.
type DescribeLogStreamsOutput struct {
	LogStreams []LogStream `json:"logStreams"`
	NextToken  string      `json:"nextToken,omitempty"`
}

// LogStream is an entry of DescribeLogStreams. storedBytes is always zero, as
// AWS answers since 2019.
type LogStream struct {
	LogStreamName       string `json:"logStreamName"`
	CreationTime        int64  `json:"creationTime"`
	FirstEventTimestamp *int64 `json:"firstEventTimestamp,omitempty"`
	LastEventTimestamp  *int64 `json:"lastEventTimestamp,omitempty"`
	LastIngestionTime   *int64 `json:"lastIngestionTime,omitempty"`
	UploadSequenceToken string `json:"uploadSequenceToken"`
	ARN                 string `json:"arn"`
	StoredBytes         int64  `json:"storedBytes"`
}

func logStream(t target, st *logs.Stream) LogStream {
	out := LogStream{
		LogStreamName: st.Name, CreationTime: st.Created, UploadSequenceToken: st.Token,
		ARN: arn.LogStream(t.Region, t.Account, t.group, st.Name),
	}
	if st.HasEvents {
		out.FirstEventTimestamp, out.LastEventTimestamp, out.LastIngestionTime = &st.FirstEvent, &st.LastEvent, &st.LastIngest
	}
	return out
}

func onStream(c *api.Call, in *StreamInput) (target, error) {
	t, err := inGroup(c, in.LogGroupName)
	if err != nil {
		return t, err
	}
	return t.inStream(in.LogStreamName)
}

// onStreamsGroup checks a stream's name but asks for permission on its group.
func onStreamsGroup(c *api.Call, in *StreamInput) (target, error) {
	t, err := onStream(c, in)
	t.stream = ""
	return t, err
}

func createLogStream(s *logs.Service) api.Operation {
	return define("CreateLogStream", onStreamsGroup,
		func(ctx context.Context, t target, in *StreamInput) (*Empty, error) {
			return nil, s.CreateLogStream(ctx, t.Scope, t.group, *in.LogStreamName)
		})
}

func deleteLogStream(s *logs.Service) api.Operation {
	return define("DeleteLogStream", onStream,
		func(ctx context.Context, t target, in *StreamInput) (*Empty, error) {
			return nil, s.DeleteLogStream(ctx, t.Scope, t.group, *in.LogStreamName)
		})
}

func describeLogStreams(s *logs.Service) api.Operation {
	return define("DescribeLogStreams",
		func(c *api.Call, in *DescribeLogStreamsInput) (target, error) {
			t, err := identified(c, in.LogGroupName, in.LogGroupIdentifier)
			if err != nil {
				return t, err
			}
			var v validate.Checks
			if in.OrderBy != "" {
				v.OneOf("orderBy", in.OrderBy, "LogStreamName", "LastEventTime")
			}
			if p := in.LogStreamNamePrefix; p != nil {
				v.Length("logStreamNamePrefix", *p, 1, maxName)
				v.Pattern("logStreamNamePrefix", *p, streamName, `[^:*]*`)
			}
			return t, v.Err(codeParameter)
		},
		func(ctx context.Context, t target, in *DescribeLogStreamsInput) (*DescribeLogStreamsOutput, error) {
			limit, err := limitOr(in.Limit, describePage, describePage)
			if err != nil {
				return nil, err
			}
			l := logs.StreamList{ByLastEvent: in.OrderBy == "LastEventTime", Descending: in.Descending, After: in.NextToken, Limit: limit}
			if in.LogStreamNamePrefix != nil {
				l.Prefix = *in.LogStreamNamePrefix
			}
			streams, next, err := s.DescribeLogStreams(ctx, t.Scope, t.group, l)
			if err != nil {
				return nil, err
			}
			out := &DescribeLogStreamsOutput{LogStreams: make([]LogStream, 0, len(streams)), NextToken: next}
			for i := range streams {
				out.LogStreams = append(out.LogStreams, logStream(t, &streams[i]))
			}
			return out, nil
		})
}
