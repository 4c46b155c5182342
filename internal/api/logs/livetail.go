package logsapi

import (
	"context"
	"strings"
	"time"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/awserr"
	"waybill/internal/logs"
	"waybill/internal/logs/pattern"
)

// StartLiveTailInput is CloudWatch Logs'. Log groups are given by ARN, without
// ":*" at the end.
type StartLiveTailInput struct {
	LogGroupIdentifiers   []string `json:"logGroupIdentifiers"`
	LogStreamNames        []string `json:"logStreamNames,omitempty"`
	LogStreamNamePrefixes []string `json:"logStreamNamePrefixes,omitempty"`
	LogEventFilterPattern *string  `json:"logEventFilterPattern,omitempty"`
}

// LiveTailSessionStart is the first event of a session.
type LiveTailSessionStart struct {
	RequestID             string   `json:"requestId"`
	SessionID             string   `json:"sessionId"`
	LogGroupIdentifiers   []string `json:"logGroupIdentifiers"`
	LogStreamNames        []string `json:"logStreamNames,omitempty"`
	LogStreamNamePrefixes []string `json:"logStreamNamePrefixes,omitempty"`
	LogEventFilterPattern string   `json:"logEventFilterPattern,omitempty"`
}

// LiveTailSessionUpdate is what has come since the update before.
type LiveTailSessionUpdate struct {
	SessionMetadata LiveTailSessionMetadata   `json:"sessionMetadata"`
	SessionResults  []LiveTailSessionLogEvent `json:"sessionResults"`
}

// LiveTailSessionMetadata tells whether events were left out.
type LiveTailSessionMetadata struct {
	Sampled bool `json:"sampled"`
}

// LiveTailSessionLogEvent is one log event. Times are milliseconds.
type LiveTailSessionLogEvent struct {
	LogStreamName      string `json:"logStreamName"`
	LogGroupIdentifier string `json:"logGroupIdentifier"`
	Message            string `json:"message"`
	Timestamp          int64  `json:"timestamp"`
	IngestionTime      int64  `json:"ingestionTime"`
}

const (
	// sessionLimit is how long a session lasts (CloudWatch Logs User Guide, "Live Tail").
	sessionLimit = 3 * time.Hour
	updateEvery  = time.Second
	// maxUpdateEvents and maxUpdateBytes bound one update: AWS's model has up to
	// 500 events, and clients read frames of up to 16 MiB, which messages of 1 MiB
	// stay below in every escaping. More in a second are several updates.
	maxUpdateEvents = 500
	maxUpdateBytes  = 1 << 20

	codeSessionTimeout   = "SessionTimeoutException"
	codeSessionStreaming = "SessionStreamingException"
)

func startLiveTail(s *logs.Service) api.Operation {
	return api.Define("logs", "StartLiveTail",
		func(c *api.Call, in *StartLiveTailInput) ([]api.Need, error) {
			targets, err := in.targets(c)
			if err != nil {
				return nil, err
			}
			var needs []api.Need
			for _, t := range targets {
				needs = append(needs, api.Need{Action: "logs:StartLiveTail", Resource: t.resource()})
			}
			return needs, nil
		},
		func(ctx context.Context, c *api.Call, in *StartLiveTailInput) (*api.EventStream, error) {
			q, err := in.query(c)
			if err != nil {
				return nil, err
			}
			tail, err := s.StartTail(ctx, scopeOf(c), q)
			if err != nil {
				return nil, err
			}
			session := &liveTail{tail: tail, start: in.start(c)}
			return &api.EventStream{Run: session.run, Exceptions: []string{codeSessionTimeout, codeSessionStreaming}}, nil
		})
}

// targets checks the input and returns its log groups.
func (in *StartLiveTailInput) targets(c *api.Call) ([]target, error) {
	var v validate.Checks
	v.Required("logGroupIdentifiers", in.LogGroupIdentifiers != nil)
	if in.LogGroupIdentifiers != nil {
		validate.Count(&v, "logGroupIdentifiers", in.LogGroupIdentifiers, 1, 10)
	}
	validate.Count(&v, "logStreamNames", in.LogStreamNames, 0, 100)
	validate.Count(&v, "logStreamNamePrefixes", in.LogStreamNamePrefixes, 0, 100)
	if err := v.Err(codeParameter); err != nil {
		return nil, err
	}
	if err := in.checkStreams(); err != nil {
		return nil, err
	}
	var list []target
	for _, id := range in.LogGroupIdentifiers {
		if !strings.HasPrefix(id, "arn:") || strings.HasSuffix(id, "*") {
			return nil, awserr.New(codeParameter, "logGroupIdentifiers takes ARNs of log groups that do not end in an asterisk (*).")
		}
		t, err := byARN(c, "logGroupIdentifiers", id)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

func (in *StartLiveTailInput) checkStreams() error {
	names, prefixes := len(in.LogStreamNames) > 0, len(in.LogStreamNamePrefixes) > 0
	switch {
	case names && prefixes:
		return awserr.New(codeParameter, "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
	case (names || prefixes) && len(in.LogGroupIdentifiers) > 1:
		return awserr.New(codeParameter, "Log streams can be given for a single log group only.")
	}
	for _, n := range in.LogStreamNames {
		if err := checkStreamName("logStreamNames", n); err != nil {
			return err
		}
	}
	for _, n := range in.LogStreamNamePrefixes {
		if err := checkStreamName("logStreamNamePrefixes", n); err != nil {
			return err
		}
	}
	return nil
}

func (in *StartLiveTailInput) query(c *api.Call) (logs.TailQuery, error) {
	q := logs.TailQuery{Streams: in.LogStreamNames, Prefixes: in.LogStreamNamePrefixes}
	targets, err := in.targets(c)
	if err != nil {
		return q, err
	}
	for _, t := range targets {
		q.Groups = append(q.Groups, logs.GroupName{Scope: t.Scope, Name: t.group})
	}
	if in.LogEventFilterPattern != nil && *in.LogEventFilterPattern != "" {
		p, err := pattern.Parse(*in.LogEventFilterPattern)
		if err != nil {
			return q, err
		}
		q.Pattern = p
	}
	return q, nil
}

func (in *StartLiveTailInput) start(c *api.Call) LiveTailSessionStart {
	start := LiveTailSessionStart{
		RequestID: c.RequestID, SessionID: api.NewRequestID(), LogGroupIdentifiers: in.LogGroupIdentifiers,
		LogStreamNames: in.LogStreamNames, LogStreamNamePrefixes: in.LogStreamNamePrefixes,
	}
	if in.LogEventFilterPattern != nil {
		start.LogEventFilterPattern = *in.LogEventFilterPattern
	}
	return start
}

// tail is where a session's events come from. *logs.Tail is one.
type tail interface {
	Next(ctx context.Context, until <-chan time.Time) (events []logs.TailEvent, sampled bool, err error)
	Close()
}

// liveTail is one session.
type liveTail struct {
	tail  tail
	start LiveTailSessionStart
}

// run sends an update every second, whether there is something in it or not.
// While a slow client reads one, the tail keeps as much as it may.
func (l *liveTail) run(ctx context.Context, send func(string, any) error) error {
	defer l.tail.Close()
	if err := send("sessionStart", l.start); err != nil {
		return err
	}
	session, cancel := context.WithTimeout(ctx, sessionLimit)
	defer cancel()
	tick := time.NewTicker(updateEvery)
	defer tick.Stop()
	for {
		events, sampled, err := l.tail.Next(session, tick.C)
		switch {
		case ctx.Err() != nil:
			return nil // the caller has gone
		case session.Err() != nil:
			return awserr.New(codeSessionTimeout, "The session has ended after %d hours, the most that one may last.", int(sessionLimit.Hours()))
		case err != nil:
			return awserr.New(codeSessionStreaming, "The session has ended: %v.", err)
		}
		if err := update(events, sampled, send); err != nil {
			return err
		}
	}
}

// update sends events in as many updates as it takes, one at least.
func update(events []logs.TailEvent, sampled bool, send func(string, any) error) error {
	for first := true; first || len(events) > 0; first = false {
		n, size := 0, 0
		for n < len(events) && n < maxUpdateEvents && (n == 0 || size+len(events[n].Message) <= maxUpdateBytes) {
			size += len(events[n].Message)
			n++
		}
		results := make([]LiveTailSessionLogEvent, n)
		for i, e := range events[:n] {
			results[i] = LiveTailSessionLogEvent{e.Stream, e.Group, e.Message, e.Time, e.Ingested}
		}
		if err := send("sessionUpdate", LiveTailSessionUpdate{LiveTailSessionMetadata{sampled}, results}); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}
