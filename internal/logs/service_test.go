package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
	"waybill/internal/logs/pattern"
	"waybill/internal/store"
)

func TestMain(m *testing.M) {
	if err := engine.Configure(engine.Settings{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if folder := os.Getenv(crashFolder); folder != "" {
		writeUntilKilled(folder)
	}
	os.Exit(m.Run())
}

var here = Scope{"111122223333", "us-east-1"}

// clock is a settable time.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// noon is when tests begin: 2025-11-25T12:00:00Z.
const noon = int64(1_764_072_000_000)

// fixture is a service over a folder.
type fixture struct {
	*Service
	clock  *clock
	folder string
	db     *store.DB
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{clock: &clock{}, folder: t.TempDir()}
	f.clock.ms.Store(noon)
	f.open(t)
	t.Cleanup(func() { f.close(t) })
	return f
}

func (f *fixture) open(t testing.TB) {
	t.Helper()
	quiet := discard()
	var err error
	if f.db, err = store.Open(t.Context(), filepath.Join(f.folder, "meta.db"), quiet); err != nil {
		t.Fatal(err)
	}
	f.Service, err = Open(t.Context(), Config{DB: f.db, Folder: f.folder, Now: f.clock.now, Logger: quiet})
	if err != nil {
		f.db.Close()
		t.Fatal(err)
	}
}

func (f *fixture) close(t testing.TB) {
	t.Helper()
	if f.Service == nil {
		return
	}
	if err := errors.Join(f.Service.Close(context.Background()), f.db.Close()); err != nil {
		t.Error(err)
	}
	f.Service = nil
}

func (f *fixture) reopen(t testing.TB) {
	t.Helper()
	f.close(t)
	f.open(t)
}

// make creates a group and its streams.
func (f *fixture) make(t testing.TB, group string, streams ...string) {
	t.Helper()
	must(t, f.CreateLogGroup(t.Context(), here, NewGroup{Name: group}))
	for _, st := range streams {
		must(t, f.CreateLogStream(t.Context(), here, group, st))
	}
}

func (f *fixture) put(t testing.TB, group, stream string, events ...InputEvent) PutResult {
	t.Helper()
	r, err := f.PutLogEvents(t.Context(), here, group, stream, events, nil)
	must(t, err)
	return r
}

// ev is an event so many milliseconds after noon.
func ev(after int64, message string) InputEvent { return InputEvent{noon + after, message} }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError demands an AWS error by code and text.
func wantError(t testing.TB, err error, code, text string) {
	t.Helper()
	var e *awserr.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("error %v\nwant %s: %s", err, code, text)
	}
}

func ptr[T any](v T) *T { return &v }

func messages(events []engine.Event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.Message)
	}
	return list
}

func (f *fixture) filter(t testing.TB, q FilterQuery) []FilteredEvent {
	t.Helper()
	var all []FilteredEvent
	for {
		events, token, err := f.FilterLogEvents(t.Context(), here, q)
		must(t, err)
		all = append(all, events...)
		if token == "" {
			return all
		}
		q.Token = token
	}
}

func (f *fixture) texts(t testing.TB, q FilterQuery) []string {
	t.Helper()
	var list []string
	for _, e := range f.filter(t, q) {
		list = append(list, e.Message)
	}
	return list
}

func TestGroups(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	for _, name := range []string{"b", "a/1", "a/2", "A"} {
		f.make(t, name)
	}
	must(t, f.CreateLogGroup(ctx, Scope{"444455556666", "us-east-1"}, NewGroup{Name: "a/1"}))
	must(t, f.CreateLogGroup(ctx, Scope{"111122223333", "eu-west-1"}, NewGroup{Name: "a/1"}))
	wantError(t, f.CreateLogGroup(ctx, here, NewGroup{Name: "b"}), "ResourceAlreadyExistsException", "The specified log group already exists")
	wantError(t, f.CreateLogGroup(ctx, here, NewGroup{Name: "aws/x"}), "InvalidParameterException", "reserved")
	wantError(t, f.DeleteLogGroup(ctx, here, "none"), "ResourceNotFoundException", "The specified log group does not exist.")

	for _, c := range []struct {
		list GroupList
		want string
		more bool
	}{
		{GroupList{Limit: 50}, "A a/1 a/2 b", false},
		{GroupList{Limit: 2}, "A a/1", true},
		{GroupList{Limit: 2, After: "a/1"}, "a/2 b", false},
		{GroupList{Limit: 50, Prefix: "a"}, "a/1 a/2", false},
		{GroupList{Limit: 1, Prefix: "a"}, "a/1", true},
		{GroupList{Limit: 50, Pattern: "/2"}, "a/2", false},
		{GroupList{Limit: 50, Class: "INFREQUENT_ACCESS"}, "", false},
	} {
		groups, more, err := f.DescribeLogGroups(ctx, here, c.list)
		must(t, err)
		var names []string
		for _, g := range groups {
			names = append(names, g.Name)
		}
		if got := strings.Join(names, " "); got != c.want || more != c.more {
			t.Errorf("%+v: %q more %v, want %q more %v", c.list, got, more, c.want, c.more)
		}
	}
	_, _, err := f.DescribeLogGroups(ctx, here, GroupList{Limit: 1, Prefix: "a", Pattern: "b"})
	wantError(t, err, "InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
}

func TestStreams(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.make(t, "g", "s1", "s2", "s3", "other")
	wantError(t, f.CreateLogStream(ctx, here, "g", "s1"), "ResourceAlreadyExistsException", "The specified log stream already exists")
	wantError(t, f.CreateLogStream(ctx, here, "none", "s1"), "ResourceNotFoundException", "The specified log group does not exist.")
	wantError(t, f.DeleteLogStream(ctx, here, "g", "none"), "ResourceNotFoundException", "The specified log stream does not exist.")
	f.put(t, "g", "s2", ev(10, "a"), ev(20, "b"))
	f.clock.advance(time.Second)
	f.put(t, "g", "s1", ev(5, "c"))
	f.put(t, "g", "s1", ev(-5, "earlier"))

	for _, c := range []struct {
		list StreamList
		want string
	}{
		{StreamList{}, "other s1 s2 s3"},
		{StreamList{Descending: true}, "s3 s2 s1 other"},
		{StreamList{Prefix: "s"}, "s1 s2 s3"},
		{StreamList{ByLastEvent: true, Descending: true}, "s2 s1 s3 other"},
		{StreamList{ByLastEvent: true}, "other s3 s1 s2"},
	} {
		for limit := 1; limit <= 5; limit++ { // every page size gives the same list
			var names []string
			l := c.list
			l.Limit = limit
			for {
				streams, token, err := f.DescribeLogStreams(ctx, here, "g", l)
				must(t, err)
				for _, st := range streams {
					names = append(names, st.Name)
				}
				if l.After = token; token == "" {
					break
				}
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%+v by %d: %q, want %q", c.list, limit, got, c.want)
			}
		}
	}
	check := func() {
		t.Helper()
		streams, _, err := f.DescribeLogStreams(ctx, here, "g", StreamList{Limit: 50, Prefix: "s1"})
		must(t, err)
		got := streams[0]
		if !got.HasEvents || got.FirstEvent != noon-5 || got.LastEvent != noon+5 || got.LastIngest != noon+1000 || got.Created != noon {
			t.Errorf("stream %+v", got)
		}
		g, err := f.Group(ctx, here, "g")
		must(t, err)
		if want := int64(1+1+1+7) + 4*eventOverhead; g.StoredBytes != want {
			t.Errorf("stored bytes %d, want %d", g.StoredBytes, want)
		}
	}
	check()
	f.reopen(t)
	check()
	_, _, err := f.DescribeLogStreams(ctx, here, "g", StreamList{Limit: 50, Prefix: "s", ByLastEvent: true})
	wantError(t, err, "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
	_, _, err = f.DescribeLogStreams(ctx, here, "g", StreamList{Limit: 50, After: "%"})
	wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestPutLimits(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "s")
	many := make([]InputEvent, 10_001)
	for i := range many {
		many[i] = ev(0, "x")
	}
	for _, c := range []struct {
		name   string
		events []InputEvent
		text   string // empty: accepted
	}{
		{"none", nil, "Member must have length greater than or equal to 1"},
		{"10,001", many, "Member must have length less than or equal to 10000"},
		{"10,000", many[:10_000], ""},
		{"empty message", []InputEvent{ev(0, "")}, "Member must have length greater than or equal to 1"},
		{"negative time", []InputEvent{{-1, "x"}}, "Member must have value greater than or equal to 0"},
		{"unordered", []InputEvent{ev(1, "x"), ev(0, "y")}, "Log events in a single PutLogEvents request must be in chronological order."},
		{"24 h", []InputEvent{ev(-24*3600_000, "x"), ev(0, "y")}, ""},
		{"more than 24 h", []InputEvent{ev(-24*3600_000-1, "x"), ev(0, "y")}, "cannot span more than 24 hours"},
		{"one that is too old does not count", []InputEvent{ev(-20*dayMillis, "x"), ev(0, "y")}, ""},
		{"one that is too new does not count", []InputEvent{ev(-23*3600_000, "x"), ev(3*3600_000, "y")}, ""},
		{"largest", []InputEvent{ev(0, strings.Repeat("x", 1_048_576-26))}, ""},
		{"too large", []InputEvent{ev(0, strings.Repeat("x", 1_048_576-25))}, "Log event too large: 1048577 bytes exceeds limit of 1048576"},
		{"batch too large", []InputEvent{ev(0, strings.Repeat("x", 1_048_576-52)), ev(0, "y")}, "Upload too large: 1048577 bytes exceeds limit of 1048576"},
		{"batch largest", []InputEvent{ev(0, strings.Repeat("x", 1_048_576-53)), ev(0, "y")}, ""},
	} {
		_, err := f.PutLogEvents(t.Context(), here, "g", "s", c.events, nil)
		if c.text == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		wantError(t, err, "InvalidParameterException", c.text)
	}
	_, err := f.PutLogEvents(t.Context(), here, "none", "s", []InputEvent{ev(0, "x")}, nil)
	wantError(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
	_, err = f.PutLogEvents(t.Context(), here, "g", "none", []InputEvent{ev(0, "x")}, nil)
	wantError(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
}

func TestEventsOutsideTheWindowAreRejected(t *testing.T) {
	const hour, day = int64(3600_000), int64(24 * 3600_000)
	f := newFixture(t)
	f.make(t, "g", "s")
	f.make(t, "short", "s")
	must(t, f.PutRetentionPolicy(t.Context(), here, "short", 3))
	for _, c := range []struct {
		group                   string
		times                   []int64 // after noon
		tooOld, expired, tooNew int     // -1: none
		kept                    int
	}{
		{"g", []int64{-14*day - 1, -14 * day, -14*day + 5}, 1, -1, -1, 2},
		{"g", []int64{0, 2 * hour, 2*hour + 1, 3 * hour}, -1, -1, 2, 2},
		{"g", []int64{-15 * day, -15 * day}, 2, -1, -1, 0},
		{"g", []int64{3 * hour}, -1, -1, 0, 0},
		{"short", []int64{-3*day - 1, -3 * day}, -1, 1, -1, 1},
		{"short", []int64{-14*day - 1, -14 * day}, 1, 2, -1, 0},
	} {
		var events []InputEvent
		for _, at := range c.times {
			events = append(events, ev(at, "x"))
		}
		before := len(f.filter(t, FilterQuery{Group: c.group}))
		r := f.put(t, c.group, "s", events...)
		rej := cmp.Or(r.Rejected, &Rejected{})
		got := [3]int{deref(rej.TooOldEnd), deref(rej.ExpiredEnd), deref(rej.TooNewStart)}
		if want := [3]int{c.tooOld, c.expired, c.tooNew}; got != want || (r.Rejected == nil) != (want == [3]int{-1, -1, -1}) {
			t.Errorf("%s %v: rejected %v, want %v", c.group, c.times, got, want)
		}
		if n := len(f.filter(t, FilterQuery{Group: c.group})) - before; n != c.kept {
			t.Errorf("%s %v: %d kept, want %d", c.group, c.times, n, c.kept)
		}
	}
}

func deref(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

func TestSequenceTokens(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "s")
	ctx := t.Context()
	token := func() string {
		streams, _, err := f.DescribeLogStreams(ctx, here, "g", StreamList{Limit: 1})
		must(t, err)
		return streams[0].Token
	}
	put := func(token, message string) (string, error) {
		r, err := f.PutLogEvents(ctx, here, "g", "s", []InputEvent{ev(0, message)}, &token)
		return r.NextToken, err
	}
	first := token() // a stream without events has one too: a first batch can be doubled as well
	second, err := put(first, "one")
	must(t, err)
	if second == first || second != token() {
		t.Fatalf("tokens %s, %s, %s", first, second, token())
	}
	already := func(given, message string) {
		t.Helper()
		_, err := put(given, message)
		wantError(t, err, "DataAlreadyAcceptedException", "The given batch of log events has already been accepted. The next batch can be sent with sequenceToken: "+second)
		var e *awserr.Error
		if errors.As(err, &e) && e.Members["expectedSequenceToken"] != second {
			t.Errorf("members %v", e.Members)
		}
	}
	already(first, "one")
	_, err = put(first, "other")
	wantError(t, err, "InvalidSequenceTokenException", "The given sequenceToken is invalid. The next expected sequenceToken is: "+second)
	f.reopen(t)
	already(first, "one")
	third, err := put(second, "two")
	must(t, err)
	_, err = put(first, "one")
	wantError(t, err, "InvalidSequenceTokenException", third)
	fourth := f.put(t, "g", "s", ev(0, "three")).NextToken // without a token: always accepted
	_, err = put(third, "four")
	wantError(t, err, "InvalidSequenceTokenException", fourth)
	if got := f.texts(t, FilterQuery{Group: "g"}); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("events %v", got)
	}
}

func TestGetLogEventsBothWays(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.make(t, "g", "s", "other", "empty")
	var want []string
	for i := range 25 {
		m := fmt.Sprintf("m%02d", i)
		want = append(want, m)
		f.put(t, "g", "s", ev(int64(i/3), m)) // three of one millisecond
		f.put(t, "g", "other", ev(int64(i), "noise"))
	}
	get := func(q GetQuery) GetPage {
		t.Helper()
		q.Group, q.Limit = "g", ptr(10)
		q.Stream = cmp.Or(q.Stream, "s")
		p, err := f.GetLogEvents(ctx, here, q)
		must(t, err)
		return p
	}
	is := func(p GetPage, want []string) {
		t.Helper()
		if got := messages(p.Events); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	newest := get(GetQuery{})
	is(newest, want[15:])
	end := get(GetQuery{Token: newest.Forward})
	is(end, nil)
	if end.Forward != newest.Forward {
		t.Errorf("the token at the end changed: %s, %s", newest.Forward, end.Forward)
	}
	is(get(GetQuery{Token: end.Backward}), want[15:])
	p := get(GetQuery{Token: newest.Backward})
	is(p, want[5:15])
	p = get(GetQuery{Token: p.Backward})
	is(p, want[:5])
	start := get(GetQuery{Token: p.Backward})
	is(start, nil)
	if start.Backward != p.Backward {
		t.Errorf("the token at the start changed: %s, %s", p.Backward, start.Backward)
	}
	is(get(GetQuery{Token: start.Forward}), want[:10])
	p = get(GetQuery{FromHead: true})
	is(p, want[:10])
	is(get(GetQuery{FromHead: true, Token: p.Forward}), want[10:20])
	// Start is included, End is not.
	is(get(GetQuery{Start: ptr(noon + 2), End: ptr(noon + 3)}), want[6:9])
	// A reader that follows sees what comes.
	f.put(t, "g", "s", ev(100, "new"))
	is(get(GetQuery{Token: newest.Forward}), []string{"new"})
	empty := get(GetQuery{Stream: "empty"})
	is(empty, nil)
	f.put(t, "g", "empty", ev(0, "first"))
	is(get(GetQuery{Stream: "empty", Token: empty.Forward}), []string{"first"})

	_, err := f.GetLogEvents(ctx, here, GetQuery{Group: "g", Stream: "other", Token: newest.Forward})
	wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
	for _, token := range []string{"x", "f/", "f/1/s", "g/" + newest.Forward[2:], newest.Forward[:20]} {
		_, err := f.GetLogEvents(ctx, here, GetQuery{Group: "g", Stream: "s", Token: token})
		wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
	}
	_, err = f.GetLogEvents(ctx, here, GetQuery{Group: "g", Stream: "s", Limit: ptr(10_001)})
	wantError(t, err, "InvalidParameterException", "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000")
	_, err = f.GetLogEvents(ctx, here, GetQuery{Group: "g", Stream: "none"})
	wantError(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
}

// contains is a pattern for tests.
type contains string

func (c contains) Match(message string) bool     { return strings.Contains(message, string(c)) }
func (c contains) Clauses() [][]string           { return [][]string{{string(c)}} }
func (c contains) Condition() *pattern.Condition { return nil }

func TestFilterLogEvents(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "web-1", "web-2", "db")
	for i := range int64(30) {
		f.put(t, "g", []string{"web-1", "web-2", "db"}[i%3], ev(i, fmt.Sprintf("event %d", i)))
	}
	count := func(q FilterQuery) int {
		t.Helper()
		q.Group = "g"
		q.Limit = ptr(4)
		seen := map[string]bool{}
		last := int64(0)
		for _, e := range f.filter(t, q) {
			if seen[e.EventID] || len(e.EventID) != 56 {
				t.Errorf("event id %q twice or of another length", e.EventID)
			}
			if e.Time < last && !q.Descending {
				t.Errorf("%d after %d", e.Time, last)
			}
			last = e.Time
			seen[e.EventID] = true
		}
		return len(seen)
	}
	for _, c := range []struct {
		q    FilterQuery
		want int
	}{
		{FilterQuery{}, 30},
		{FilterQuery{Descending: true}, 30},
		{FilterQuery{Streams: []string{"db"}}, 10},
		{FilterQuery{Streams: []string{"db", "web-1"}}, 20},
		{FilterQuery{StreamPrefix: "web-"}, 20},
		{FilterQuery{StreamPrefix: "nothing"}, 0},
		{FilterQuery{Start: ptr(noon + 10), End: ptr(noon + 19)}, 10},
		{FilterQuery{Pattern: contains("event 1")}, 11},
		{FilterQuery{Pattern: contains("event 1"), StreamPrefix: "web-1"}, 3},
		{FilterQuery{Pattern: contains(`"*"`)}, 0},
	} {
		if got := count(c.q); got != c.want {
			t.Errorf("%+v: %d events, want %d", c.q, got, c.want)
		}
	}
	ids := func() (list []string) {
		for _, e := range f.filter(t, FilterQuery{Group: "g"}) {
			list = append(list, e.EventID+e.StreamName)
		}
		return list
	}
	before := ids()
	f.reopen(t)
	if !slices.Equal(before, ids()) {
		t.Error("event ids changed over a restart")
	}
	ctx := t.Context()
	_, _, err := f.FilterLogEvents(ctx, here, FilterQuery{Group: "g", Streams: []string{"a"}, StreamPrefix: "b"})
	wantError(t, err, "InvalidParameterException", "mutually exclusive")
	_, _, err = f.FilterLogEvents(ctx, here, FilterQuery{Group: "g", Streams: []string{"none"}})
	wantError(t, err, "ResourceNotFoundException", "The specified log stream does not exist.")
	_, _, err = f.FilterLogEvents(ctx, here, FilterQuery{Group: "g", Token: "nonsense"})
	wantError(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
	_, _, err = f.FilterLogEvents(ctx, here, FilterQuery{Group: "g", Limit: ptr(0)})
	wantError(t, err, "InvalidParameterException", "Member must have value greater than or equal to 1")
}

// A page holds at most 1 MiB of messages and at least one event.
func TestPagesAreBoundedByBytes(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "s")
	big := strings.Repeat("x", 700<<10)
	for i := range int64(4) {
		f.put(t, "g", "s", ev(i, big+fmt.Sprint(i)))
	}
	events, token, err := f.FilterLogEvents(t.Context(), here, FilterQuery{Group: "g"})
	must(t, err)
	if len(events) != 1 || token == "" {
		t.Fatalf("%d events, token %q", len(events), token)
	}
	if n := len(f.filter(t, FilterQuery{Group: "g"})); n != 4 {
		t.Fatalf("%d events over all pages", n)
	}
}

func TestARecreatedGroupOrStreamIsEmpty(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.make(t, "g", "s", "kept")
	f.make(t, "neighbour", "s")
	f.put(t, "neighbour", "s", ev(0, "neighbour's"))
	f.put(t, "g", "s", ev(0, "old"))
	f.put(t, "g", "kept", ev(1, "kept"))
	must(t, f.DeleteLogStream(ctx, here, "g", "s"))
	_, err := f.PutLogEvents(ctx, here, "g", "s", []InputEvent{ev(0, "x")}, nil)
	wantError(t, err, "ResourceNotFoundException", "stream")
	must(t, f.CreateLogStream(ctx, here, "g", "s"))
	f.put(t, "g", "s", ev(2, "new"))
	if got := f.texts(t, FilterQuery{Group: "g"}); !slices.Equal(got, []string{"kept", "new"}) {
		t.Errorf("after the stream: %v", got)
	}
	must(t, f.DeleteLogGroup(ctx, here, "g"))
	_, _, err = f.FilterLogEvents(ctx, here, FilterQuery{Group: "g"})
	wantError(t, err, "ResourceNotFoundException", "group")
	f.make(t, "g", "s")
	if got := f.texts(t, FilterQuery{Group: "g"}); got != nil {
		t.Errorf("after the group: %v", got)
	}
	f.put(t, "g", "s", ev(3, "newest"))
	f.reopen(t)
	if got := f.texts(t, FilterQuery{Group: "g"}); !slices.Equal(got, []string{"newest"}) {
		t.Errorf("after a restart: %v", got)
	}
	f.untilReclaimed(t, engine.Tenant{Account: 1, Group: 1}, noon*2, 0)
	if got := f.texts(t, FilterQuery{Group: "g"}); !slices.Equal(got, []string{"newest"}) {
		t.Errorf("after reclaiming: %v", got)
	}
	if got := f.texts(t, FilterQuery{Group: "neighbour"}); !slices.Equal(got, []string{"neighbour's"}) {
		t.Errorf("the neighbour: %v", got)
	}
}

// untilReclaimed waits for the engine's background deletion.
func (f *fixture) untilReclaimed(t *testing.T, tenant engine.Tenant, before int64, want int) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		must(t, f.Reclaim(t.Context()))
		n, err := f.engine.Left(t.Context(), engine.Deletion{Tenants: []engine.Tenant{tenant}, Before: before})
		must(t, err)
		if n == want {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%d rows left, want %d", n, want)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestRetention(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.make(t, "g", "s")
	f.make(t, "forever", "s")
	for _, g := range []string{"g", "forever"} {
		f.put(t, g, "s", ev(-2*dayMillis, "two days old"))
		f.put(t, g, "s", ev(0, "of today"))
	}
	wantError(t, f.PutRetentionPolicy(ctx, here, "g", 2), "InvalidParameterException", "Value '2' at 'retentionInDays'")
	must(t, f.PutRetentionPolicy(ctx, here, "g", 1))
	is := func(group string, want ...string) {
		t.Helper()
		if got := f.texts(t, FilterQuery{Group: group}); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", group, got, want)
		}
		p, err := f.GetLogEvents(ctx, here, GetQuery{Group: group, Stream: "s"})
		must(t, err)
		if got := messages(p.Events); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", group, got, want)
		}
	}
	is("g", "of today")
	is("forever", "two days old", "of today")
	// What has expired does not come back when retention grows.
	must(t, f.DeleteRetentionPolicy(ctx, here, "g"))
	is("g", "of today")
	must(t, f.PutRetentionPolicy(ctx, here, "g", 1))
	f.untilReclaimed(t, engine.Tenant{Account: 1, Group: 1}, noon*2, 1)
	f.clock.advance(24*time.Hour - time.Millisecond)
	is("g", "of today")
	f.clock.advance(2 * time.Millisecond)
	is("g")
	f.clock.advance(13 * time.Hour)
	f.untilReclaimed(t, engine.Tenant{Account: 1, Group: 1}, noon*2, 0)
	f.untilReclaimed(t, engine.Tenant{Account: 1, Group: 2}, noon*2, 2)
	is("forever", "two days old", "of today")
	g, err := f.Group(ctx, here, "g")
	must(t, err)
	if g.RetentionDays != 1 {
		t.Errorf("retention %d", g.RetentionDays)
	}
}

func TestResourcePolicies(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}`
	for i := range 10 {
		_, err := f.PutResourcePolicy(ctx, here, fmt.Sprintf("p%d", i), document)
		must(t, err)
	}
	_, err := f.PutResourcePolicy(ctx, here, "p10", document)
	wantError(t, err, "LimitExceededException", "Resource limit exceeded.")
	_, err = f.PutResourcePolicy(ctx, here, "p9", document) // replaces
	must(t, err)
	_, err = f.PutResourcePolicy(ctx, here, "p9", `{`)
	wantError(t, err, "InvalidParameterException", "")
	must(t, f.DeleteResourcePolicy(ctx, here, "p0"))
	wantError(t, f.DeleteResourcePolicy(ctx, here, "p0"), "ResourceNotFoundException", "Policy with name [p0] does not exist.")
	named, err := f.ResourcePolicies(ctx, "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s")
	must(t, err)
	if len(named) != 9 || named[0].Name != "p1" || named[0].Document.Len() != 1 {
		t.Errorf("policies %v", named)
	}
	for _, other := range []string{"arn:aws:logs:eu-west-1:111122223333:log-group:g", "arn:aws:iam::111122223333:role/r", "nonsense"} {
		if named, err := f.ResourcePolicies(ctx, other); err != nil || named != nil {
			t.Errorf("%s: %v, %v", other, named, err)
		}
	}
}

func TestTags(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	must(t, f.CreateLogGroup(ctx, here, NewGroup{Name: "g", Tags: map[string]string{"a": "1", "b": "2"}}))
	must(t, f.TagLogGroup(ctx, here, "g", map[string]string{"b": "3", "c": ""}))
	must(t, f.UntagLogGroup(ctx, here, "g", []string{"a", "none"}))
	tags, err := f.LogGroupTags(ctx, here, "g")
	must(t, err)
	if len(tags) != 2 || tags["b"] != "3" || tags["c"] != "" {
		t.Errorf("tags %v", tags)
	}
	wantError(t, f.TagLogGroup(ctx, here, "g", map[string]string{"aws:x": ""}), "InvalidParameterException", "reserved")
	_, err = f.LogGroupTags(ctx, here, "none")
	wantError(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
