package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"waybill/internal/event"
	"waybill/internal/trace"
)

const (
	// pageSize is how many events a page lists.
	pageSize = 50
	// pageTime is how long a page may search before it shows what it has.
	pageTime = 8 * time.Second
	// lateness is how far in the past an event may lie when it is put, leadTime
	// how far in the future (CloudWatch Logs, PutLogEvents).
	lateness = 14 * 24 * time.Hour
	leadTime = 2 * time.Hour
	// namedInRow is how many recipients a row shows.
	namedInRow = 3
)

// messagesView is the list of an organization's mail events.
type messagesView struct {
	chrome
	Query      query
	EventNames []choice
	Rows       []eventRow
	// Newer, Older and Newest are links; empty where they lead nowhere.
	Newer, Older, Newest, Refresh string
	// Completeness says whether there is more than is shown.
	Completeness string
	// Pattern and Group are what the list was made from.
	Pattern, Group string
	Alert          *failure
	// Off says that mail events are off and earlier ones are shown; Disabled
	// that they are off and there is nothing to show.
	Off, Disabled bool
}

// eventRow is one event of the list.
type eventRow struct {
	At    time.Time
	Title string
	Name  string
	// Class colours the row by what it means: good, warn, bad or "".
	Class      string
	From       string
	Recipients []string
	More       int
	Subject    string
	Why        string
	// Link leads to the message's page; empty for what is not a mail event.
	Link string
}

func (c *Console) messages(w http.ResponseWriter, r *request) error {
	org, ch, err := c.enter(r, "messages")
	if err != nil {
		return err
	}
	values := r.URL.Query()
	v := messagesView{chrome: ch, Query: query{Text: strings.TrimSpace(values.Get("q")), Event: values.Get("event")}}
	v.Title = v.T("Messages")
	v.Refresh = r.URL.RequestURI()
	v.EventNames = eventNames(ch, v.Query.Event)
	status := http.StatusOK
	if err := c.listMessages(r, org, &v); err != nil {
		f := ch.explain(err)
		if f.Status >= http.StatusInternalServerError {
			return err
		}
		v.Alert, status = &f, f.Status
	}
	return c.render(w, status, "messages", v)
}

func eventNames(ch chrome, selected string) []choice {
	var list []choice
	for _, name := range event.Names {
		list = append(list, choice{Value: name, Name: trace.Title(ch.printer, name), Selected: name == selected})
	}
	return list
}

// listMessages reads one page of events.
func (c *Console) listMessages(r *request, org organization, v *messagesView) error {
	var err error
	if v.Pattern, err = v.Query.pattern(); err != nil {
		return err
	}
	group, ok, err := c.eventGroup(r, org)
	if err != nil {
		return err
	}
	v.Off = !group.enabled
	if !ok {
		v.Off, v.Disabled, v.Pattern = false, true, ""
		return nil
	}
	v.Group = group.name
	page, err := c.readPage(r, org, group, v.Pattern)
	if err != nil {
		return err
	}
	for _, e := range page.Events {
		v.Rows = append(v.Rows, v.chrome.row(e))
	}
	if len(v.Rows) == 0 && v.Off {
		v.Off, v.Disabled = false, true
	}
	v.link(r, page)
	return nil
}

// eventGroup is the group that holds an organization's mail events.
type eventGroup struct {
	name    string
	enabled bool
	// created and retention bound how far back events can lie; retention is in
	// days, zero for never.
	created   int64
	retention int
}

// eventGroup returns the configured group or, while mail events are off, the
// default one, which may still hold earlier events. ok is false when there is none.
func (c *Console) eventGroup(r *request, org organization) (group eventGroup, ok bool, err error) {
	s, err := c.calls.setting(r.Context(), r.call, org)
	if err != nil {
		return eventGroup{}, false, err
	}
	name := s.LogGroup
	if !s.Enabled {
		name = defaultGroup(org)
	}
	group, ok, err = c.calls.logGroup(r.Context(), r.call, name)
	group.name, group.enabled = name, s.Enabled
	return group, ok, err
}

// floor is the earliest time at which an event of the group can be.
func (g eventGroup) floor(now time.Time) int64 {
	floor := g.created - lateness.Milliseconds()
	if g.retention > 0 {
		floor = max(floor, now.AddDate(0, 0, -g.retention).UnixMilli())
	}
	return floor
}

func (c *Console) readPage(r *request, org organization, group eventGroup, pattern string) (slice, error) {
	now := c.cfg.Now()
	ceiling := now.Add(leadTime).UnixMilli()
	read := onlyOf(org, c.calls.events(r.call, group.name, pattern))
	values := r.URL.Query()
	if s := values.Get("after"); s != "" {
		after, err := parsePosition(s)
		if err != nil {
			return slice{}, err
		}
		page, err := newer(r.Context(), read, after, ceiling, pageSize)
		if err != nil || len(page.Events) == pageSize {
			return page, err
		}
		// Too few newer ones to fill a page: show the newest page instead.
		values.Del("after")
		r.URL.RawQuery = values.Encode()
	}
	before := position{At: ceiling + 1}
	if s := values.Get("before"); s != "" {
		var err error
		if before, err = parsePosition(s); err != nil {
			return slice{}, err
		}
	}
	return older(r.Context(), read, c.cfg.Now, now.Add(pageTime), before, group.floor(now), pageSize)
}

// onlyOf passes over events of other organizations, which may share a log group.
// What is no mail event at all is kept: the group is the organization's own choice.
func onlyOf(org organization, read reader) reader {
	return func(ctx context.Context, from, to int64, limit int, token string) ([]logEvent, string, error) {
		events, next, err := read(ctx, from, to, limit, token)
		events = slices.DeleteFunc(events, func(e logEvent) bool {
			m, err := event.Decode([]byte(e.Message))
			return err == nil && m.OrganizationID != org.ID
		})
		return events, next, err
	}
}

// link sets where the page's links lead and what it says of its completeness.
func (v *messagesView) link(r *request, page slice) {
	values := r.URL.Query()
	paged := values.Get("before") != "" || values.Get("after") != ""
	to := func(name string, p position) string {
		q := v.Query.values()
		if name != "" {
			q.Set(name, p.String())
		}
		return pathWith(v.Org()+"/messages", q)
	}
	olderExist := page.More || values.Get("after") != ""
	if n := len(page.Events); n > 0 && paged {
		v.Newer = to("after", position{page.Events[0].At, page.Events[0].ID})
	}
	if paged {
		v.Newest = to("", position{})
	}
	switch n := len(page.Events); {
	case page.Searched != 0:
		v.Older = to("before", position{At: page.Searched})
		v.Completeness = v.T("Searched back to %s so far. Older goes on from there.", time.UnixMilli(page.Searched).UTC().Format("2006-01-02 15:04:05 UTC"))
	case olderExist && n > 0:
		v.Older = to("before", position{page.Events[n-1].At, page.Events[n-1].ID})
		v.Completeness = v.T("%d events on this page", n) + ". " + v.T("There are older ones.")
	case n > 0 && paged:
		v.Completeness = v.T("%d events on this page", n) + ". " + v.T("There are no older ones.")
	case n > 0:
		v.Completeness = v.T("%d events on this page", n) + ". " + v.T("These are all that there are.")
	}
}

func pathWith(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
