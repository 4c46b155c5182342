package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"waybill/internal/event"
	"waybill/internal/trace"
)

const (
	// traceEvents is how many events of one message a page reads.
	traceEvents = 5000
	// otherTraces is how many traces with the same Message-ID are looked at.
	otherTraces = 10
)

// messageView is one message: its verdict, its recipients, its events.
type messageView struct {
	chrome
	Trace trace.Trace
	// Verdict is the sentence, Class its colour.
	Verdict, Class string
	Direction      string
	CheckList      []check
	Recipients     []recipientRow
	Steps          []stepRow
	// SameMessage leads to all events with this Message-ID; Others are further
	// traces that have it.
	SameMessage string
	Others      []choice
	Incomplete  bool
}

type recipientRow struct {
	Address, Outcome, Class, Note string
	At                            time.Time
}

type stepRow struct {
	At                                      time.Time
	After, Title, Name, Class, Detail, JSON string
}

func (c *Console) message(w http.ResponseWriter, r *request) error {
	org, ch, err := c.enter(r, "messages")
	if err != nil {
		return err
	}
	group, ok, err := c.eventGroup(r, org)
	if err != nil {
		return err
	}
	id := r.PathValue("trace")
	v := messageView{chrome: ch}
	read := func(pattern string) reader { return onlyOf(org, c.calls.events(r.call, group.name, pattern)) }
	f := finder{read: read, from: group.floor(c.cfg.Now()), to: c.cfg.Now().Add(leadTime).UnixMilli()}
	var events []event.Event
	if ok {
		if events, err = f.byTrace(r.Context(), id); err != nil {
			return err
		}
	}
	if len(events) == 0 {
		return notFound("There is no event with the trace id %s. Its retention may have ended.", id)
	}
	events, others, err := f.join(r.Context(), events)
	if err != nil {
		return err
	}
	v.Incomplete = f.cut
	for _, other := range others {
		v.Others = append(v.Others, choice{Value: ch.Org() + "/messages/" + url.PathEscape(other), Name: other})
	}
	v.show(trace.Build(events))
	return c.render(w, http.StatusOK, "message", v)
}

// show fills the view from a trace.
func (v *messageView) show(t trace.Trace) {
	v.Trace = t
	v.Title = v.T("Message")
	v.Verdict, v.Class = t.Sentence(v.printer), verdictClass(t)
	switch {
	case t.Incoming && t.Outgoing:
		v.Direction = v.T("Within the organization")
	case t.Outgoing:
		v.Direction = v.T("Outgoing")
	case t.Incoming:
		v.Direction = v.T("Incoming")
	default:
		v.Direction = v.T("Not known")
	}
	if t.Checks != nil {
		v.CheckList = v.checkList(*t.Checks)
	}
	v.SameMessage = pathWith(v.Org()+"/messages", query{Text: t.MessageID}.values())
	for _, r := range t.Recipients {
		v.Recipients = append(v.Recipients, v.recipientRow(r))
	}
	for i, s := range t.Steps {
		row := stepRow{
			At: s.Event.Time(), Title: trace.Title(v.printer, s.Event.Name()), Name: s.Event.Name(),
			Class: eventClass(s.Event), Detail: trace.Detail(v.printer, s.Event), JSON: indented(s.Event),
		}
		if i > 0 {
			row.After = "+ " + trace.Span(s.After)
		}
		v.Steps = append(v.Steps, row)
	}
}

func (v *messageView) recipientRow(r trace.Recipient) recipientRow {
	row := recipientRow{Address: r.Named(v.printer), At: r.At, Class: outcomeClass(r.Outcome), Note: r.Why()}
	if r.Address == "" {
		row.Address = v.T("(none named)")
	}
	switch r.Outcome {
	case trace.Waiting:
		row.Outcome, row.Note = v.T("Waiting"), v.T("No delivery has been reported yet.")
	case trace.Deferred:
		row.Outcome, row.At = v.T("Deferred"), r.Since
		if !r.Next.IsZero() {
			row.Note = v.T("%s; next attempt %s", row.Note, trace.Stamp(r.Next))
		}
	case trace.Sent:
		row.Outcome, row.Note = v.T("Sent"), v.T("The destination's server accepted it.")
	case trace.Delivered:
		row.Outcome, row.Note = v.T("Delivered"), v.T("Folder %s", r.Folder)
	case trace.Redirected:
		row.Outcome, row.Note = v.T("Redirected"), v.T("To %s, by the rule “%s”", r.Target, r.Rule)
	case trace.Discarded:
		row.Outcome, row.Note = v.T("Discarded"), v.T("By the rule “%s”", r.Rule)
	case trace.Bounced:
		row.Outcome = v.T("Bounced")
	case trace.Rejected:
		row.Outcome = v.T("Refused")
	}
	return row
}

func outcomeClass(o trace.Outcome) string {
	switch o {
	case trace.Delivered, trace.Sent, trace.Redirected:
		return "good"
	case trace.Bounced, trace.Rejected:
		return "bad"
	case trace.Deferred, trace.Discarded:
		return "warn"
	default:
		return ""
	}
}

// verdictClass is the colour of the worst outcome.
func verdictClass(t trace.Trace) string {
	worst := "good"
	rank := []string{"good", "", "warn", "bad"}
	for _, r := range t.Recipients {
		if class := outcomeClass(r.Outcome); slices.Index(rank, class) > slices.Index(rank, worst) {
			worst = class
		}
	}
	if len(t.Recipients) == 0 {
		return ""
	}
	return worst
}

func indented(e event.Event) string {
	data, err := event.Marshal(e)
	if err != nil {
		return err.Error()
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return string(data)
	}
	return b.String()
}

// finder reads the events of one message from a log group.
type finder struct {
	read     func(pattern string) reader
	from, to int64
	// cut says that there were more events than a page reads.
	cut bool
}

func (f *finder) byTrace(ctx context.Context, id string) ([]event.Event, error) {
	return f.all(ctx, `{ $.traceId = `+quote(id)+` }`)
}

// all reads every mail event that matches, up to traceEvents.
func (f *finder) all(ctx context.Context, pattern string) ([]event.Event, error) {
	var list []event.Event
	token := ""
	for {
		got, next, err := f.read(pattern)(ctx, f.from, f.to, windowEvents, token)
		if err != nil {
			return nil, err
		}
		for _, e := range got {
			if m, err := event.Decode([]byte(e.Message)); err == nil {
				list = append(list, m)
			}
		}
		if next == "" || next == token {
			return list, nil
		}
		if len(list) >= traceEvents {
			f.cut = true
			return list, nil
		}
		token = next
	}
}

// join adds the other trace of a message within the organization: one is
// outgoing, the other incoming, and their Message-ID is the same. Further traces
// with that Message-ID (the same message received twice) are named, not joined.
func (f *finder) join(ctx context.Context, events []event.Event) (joined []event.Event, others []string, err error) {
	t := trace.Build(events)
	if t.MessageID == "" {
		return events, nil, nil
	}
	same, err := f.all(ctx, `{ $.event.messageId = `+quote(t.MessageID)+` }`)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range same {
		if !slices.Contains(t.IDs, e.TraceID) && !slices.Contains(others, e.TraceID) && len(others) < otherTraces {
			others = append(others, e.TraceID)
		}
	}
	for i, id := range others {
		more, err := f.byTrace(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		if o := trace.Build(more); o.Outgoing != t.Outgoing && o.Incoming != t.Incoming {
			return append(events, more...), slices.Delete(others, i, i+1), nil
		}
	}
	return events, others, nil
}
