package insights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/logs"
	"waybill/internal/logs/engine"
	"waybill/internal/store"
)

func TestMain(m *testing.M) {
	if err := engine.Configure(engine.Settings{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const noon = int64(1_764_072_000_000) // 2025-11-25T12:00:00Z

var here = logs.Scope{Account: "111122223333", Region: "us-east-1"}

// lab is a service over a log group "g" with a hundred events.
type lab struct {
	*Service
	logs *logs.Service
	now  atomic.Int64
	// onNow, when set, is called whenever the service looks at the clock.
	onNow func()
}

func newLab(t testing.TB, c Config) *lab {
	t.Helper()
	l := &lab{}
	l.now.Store(noon)
	now := func() time.Time {
		if l.onNow != nil {
			l.onNow()
		}
		return time.UnixMilli(l.now.Load())
	}
	quiet := slog.New(slog.DiscardHandler)
	folder := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(folder, "meta.db"), quiet)
	must(t, err)
	s, err := logs.Open(t.Context(), logs.Config{DB: db, Folder: folder, Logger: quiet, Now: func() time.Time { return time.UnixMilli(l.now.Load()) }})
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(s.Close(context.Background()), db.Close())) })
	must(t, s.CreateLogGroup(t.Context(), here, logs.NewGroup{Name: "g"}))
	must(t, s.CreateLogStream(t.Context(), here, "g", "s"))
	var events []logs.InputEvent
	for i := range 100 {
		events = append(events, logs.InputEvent{Timestamp: noon - int64(100-i), Message: fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat("x", 500))})
	}
	_, err = s.PutLogEvents(t.Context(), here, "g", "s", events, nil)
	must(t, err)
	if c.Logger == nil {
		c.Logger = quiet
	}
	l.logs, c.Logs, c.Now = s, s, now
	l.Service, err = Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

// anew is the next server's, on a folder of queries and the same logs.
func (l *lab) anew(t *testing.T, folder string) *lab {
	t.Helper()
	c := l.Config
	c.Folder = folder
	next := &lab{logs: l.logs}
	next.now.Store(l.now.Load())
	c.Now = func() time.Time {
		if next.onNow != nil {
			next.onNow()
		}
		return time.UnixMilli(next.now.Load())
	}
	var err error
	next.Service, err = Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { must(t, next.Close()) })
	return next
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func request(text string) Request {
	return Request{Scope: here, Groups: []logs.GroupName{{Scope: here, Name: "g"}}, Start: noon - 3_600_000, End: noon, Text: text}
}

func (l *lab) ask(t testing.TB, text string) Answer {
	t.Helper()
	a, err := l.Ask(t.Context(), request(text))
	must(t, err)
	return a
}

// status is that of one query.
func (l *lab) status(t *testing.T, id string) Status {
	t.Helper()
	a, err := l.Results(t.Context(), here.Account, id)
	must(t, err)
	return a.Status
}

func TestWhatWouldHoldTooMuchFails(t *testing.T) {
	l := newLab(t, Config{Memory: 10_000})
	a := l.ask(t, "fields text | sort text")
	if a.Status != Failed || !strings.Contains(a.Reason, "sort: ") || len(a.Rows) > 0 {
		t.Errorf("%s: %s", a.Status, a.Reason)
	}
	if a := l.ask(t, "stats count(*)"); a.Status != Complete {
		t.Errorf("a small one after it: %s %s", a.Status, a.Reason)
	}
}

func TestTimeout(t *testing.T) {
	l := newLab(t, Config{Timeout: time.Nanosecond})
	if a := l.ask(t, "stats count(*)"); a.Status != Timeout || a.Reason == "" {
		t.Errorf("%s: %s", a.Status, a.Reason)
	}
}

// busy takes all places to run in, so that queries stay Scheduled.
func (l *lab) busy() (release func()) {
	for range cap(l.slots) {
		l.slots <- struct{}{}
	}
	return func() {
		for range cap(l.slots) {
			<-l.slots
		}
	}
}

func TestQueriesWaitForTheirTurn(t *testing.T) {
	l := newLab(t, Config{Active: 2})
	release := l.busy()
	first, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	second, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	if s := l.status(t, first); s != Scheduled {
		t.Errorf("status %s", s)
	}
	if _, err := l.Start(t.Context(), request("stats count(*)")); !awserr.HasCode(err, codeLimit) ||
		!strings.Contains(err.Error(), "Account maximum query concurrency limit of [2] reached") {
		t.Errorf("error %v", err)
	}
	must(t, l.Stop(t.Context(), here.Account, second))
	if s := l.status(t, second); s != Cancelled {
		t.Errorf("status %s", s)
	}
	if err := l.Stop(t.Context(), here.Account, second); !awserr.HasCode(err, codeParameter) {
		t.Errorf("error %v", err)
	}
	// A stopped one makes room.
	third, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	l.mu.Lock()
	ends := []chan struct{}{l.queries[first].done, l.queries[third].done}
	l.mu.Unlock()
	release()
	for _, end := range ends {
		<-end
	}
	if a, b, c := l.status(t, first), l.status(t, second), l.status(t, third); a != Complete || b != Cancelled || c != Complete {
		t.Errorf("statuses %s, %s, %s", a, b, c)
	}
}

func TestAskStopsWithItsCaller(t *testing.T) {
	l := newLab(t, Config{})
	defer l.busy()()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Ask(ctx, request("stats count(*)")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	page, _ := l.Describe(List{Account: here.Account, Region: here.Region, Limit: 10})
	if len(page) == 1 && page[0].Status != Cancelled {
		t.Errorf("queries %+v", page)
	}
}

func TestAnswersAreKeptForTheirTime(t *testing.T) {
	l := newLab(t, Config{Kept: time.Hour})
	id, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	l.mu.Lock()
	end := l.queries[id].done
	l.mu.Unlock()
	<-end
	l.now.Add(time.Hour.Milliseconds() + 1)
	l.Describe(List{Account: here.Account, Region: here.Region, Limit: 10})
	if _, err := l.Results(t.Context(), here.Account, id); !awserr.HasCode(err, codeNotFound) {
		t.Errorf("error %v", err)
	}
}

func TestAnswersTakeNoMoreThanTheirShareOfMemory(t *testing.T) {
	l := newLab(t, Config{Cached: 100_000})
	for range 5 {
		l.ask(t, "fields text") // 100 rows of more than 500 bytes
	}
	page, _ := l.Describe(List{Account: here.Account, Region: here.Region, Limit: 10})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inMemory > 100_000 || len(page) == 5 || len(page) == 0 {
		t.Errorf("%d bytes of %d queries are kept", l.inMemory, len(page))
	}
}

func TestDescribePages(t *testing.T) {
	l := newLab(t, Config{})
	for i := range 5 {
		l.ask(t, fmt.Sprintf("stats count(*) as c%d", i))
	}
	list := List{Account: here.Account, Region: here.Region, Group: "g", Status: Complete, Limit: 2}
	var got []string
	for more := true; more; {
		var page []Info
		page, more = l.Describe(list)
		for _, q := range page {
			got = append(got, q.Text[len(q.Text)-1:])
		}
		list.After = page[len(page)-1].ID
	}
	if strings.Join(got, "") != "43210" {
		t.Errorf("the newest first: %v", got)
	}
}

func TestBytesScannedAreThoseOfTheEvents(t *testing.T) {
	l := newLab(t, Config{})
	want := float64(0)
	for i := range 100 {
		want += float64(len(fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat("x", 500))))
	}
	check := func(when string) {
		t.Helper()
		for _, text := range []string{"stats count(*)", "fields n | filter n = 7", "fields @message | filter @message like /x+/"} {
			if s := l.ask(t, text).Statistics; s.RecordsScanned != 100 || s.BytesScanned != want {
				t.Errorf("%s: %s: %v bytes of %v events, want %v", when, text, s.BytesScanned, s.RecordsScanned, want)
			}
		}
	}
	check("at once")
	must(t, l.Logs.Checkpoint(t.Context()))
	check("after a checkpoint")
	_, err := l.Logs.PutLogEvents(t.Context(), here, "g", "s", []logs.InputEvent{{Timestamp: noon - 7_200_000, Message: "ab"}}, nil)
	must(t, err)
	if s := l.ask(t, "stats count(*)").Statistics; s.RecordsScanned != 100 || s.BytesScanned >= want || s.BytesScanned < want*0.98 {
		t.Errorf("%v bytes of %v events, want a little less than %v: the mean is the group's", s.BytesScanned, s.RecordsScanned, want)
	}
}

func TestEstimateDoesNotRun(t *testing.T) {
	l := newLab(t, Config{})
	ran := l.ask(t, "fields n | filter text like /x/")
	a := l.ask(t, "fields n | filter text like /x/ | estimate")
	want := fmt.Sprint(int(ran.Statistics.BytesScanned))
	if len(a.Rows) != 1 || len(a.Rows[0]) != 1 || a.Rows[0][0].Name != "estimatedBytes" || a.Rows[0][0].Value != want {
		t.Errorf("rows %v, want %s bytes", a.Rows, want)
	}
	if s := a.Statistics; s.RecordsScanned != 0 || s.BytesScanned != 0 || s.RecordsMatched != 0 {
		t.Errorf("it was run: %+v", s)
	}
	if _, err := l.Ask(t.Context(), request("fields nothing( | estimate")); !awserr.HasCode(err, codeMalformed) {
		t.Errorf("error %v", err)
	}
}

func TestSourceByTags(t *testing.T) {
	l := newLab(t, Config{})
	must(t, l.Logs.TagLogGroup(t.Context(), here, "g", map[string]string{"team": "mail-eu", "stage": "prod"}))
	must(t, l.Logs.CreateLogGroup(t.Context(), here, logs.NewGroup{Name: "other", Tags: map[string]string{"team": "web"}}))
	for text, want := range map[string]string{
		`SOURCE logGroupTags([{"key":"team","values":["mail*"]}]) | fields @message`:                                        "g",
		`SOURCE logGroupTags([{"key":"team"}]) | fields @message`:                                                           "g other",
		`SOURCE logGroupTags([{"key":"team","values":["!mail*"]}]) | fields @message`:                                       "other",
		`SOURCE logGroupTags([{"key":"team","values":["web", "*-eu"]},{"key":"stage","values":["p*d"]}]) | fields @message`: "g",
		`SOURCE logGroups(namePrefix: ["o"]) logGroupTags([{"key":"team","values":["mail*"]}]) | fields @message`:           "",
		`SOURCE logGroupTags([{"key":"nobody"}]) | fields @message`:                                                         "",
		"SOURCE g | fields @message": "g",
	} {
		found, err := l.Sources(t.Context(), here, text)
		must(t, err)
		var names []string
		for _, g := range found.Groups {
			names = append(names, g.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// The clock of a subquery goes off at once; that of the query does not.
func TestASubqueryHasThirtySeconds(t *testing.T) {
	var mu sync.Mutex
	asked := map[time.Duration]int{} // guarded by mu
	l := newLab(t, Config{Deadline: func(ctx context.Context, after time.Duration, cause error) (context.Context, context.CancelFunc) {
		mu.Lock()
		defer mu.Unlock()
		asked[after]++
		ending, cancel := context.WithCancelCause(ctx)
		if after == 30*time.Second {
			cancel(cause)
		}
		return ending, func() { cancel(nil) }
	}})
	for _, text := range []string{
		"fields n | filter n in (fields n | filter n > 3)",
		"fields n | join type=inner left=l right=r where l.n = r.n (fields n | filter n < 5)",
		"stats count(*) as c by n % 3 as k | appendcols (stats count(*) as d)",
	} {
		if a := l.ask(t, text); a.Status != Failed || !strings.HasPrefix(a.Reason, "A subquery ran for more than 30s.") {
			t.Errorf("%s: %s: %s", text, a.Status, a.Reason)
		}
	}
	// Comparing with an earlier time is not one.
	if a := l.ask(t, "pattern @message | diff"); a.Status != Complete {
		t.Errorf("diff: %s: %s", a.Status, a.Reason)
	}
	if asked[30*time.Second] != 3 || asked[time.Hour] != 4 || len(asked) != 2 {
		t.Errorf("clocks %v", asked)
	}
}

// A subquery's log groups are not the query's.
func TestTheGroupsOfASubqueryAreItsOwn(t *testing.T) {
	l := newLab(t, Config{})
	must(t, l.Logs.CreateLogGroup(t.Context(), here, logs.NewGroup{Name: "other"}))
	must(t, l.Logs.CreateLogStream(t.Context(), here, "other", "s"))
	_, err := l.Logs.PutLogEvents(t.Context(), here, "other", "s", []logs.InputEvent{{Timestamp: noon - 1, Message: `{"n":7,"other":1}`}}, nil)
	must(t, err)
	const text = "filter n in (SOURCE 'other' | fields n) | display n, other, @log"
	found, err := l.Sources(t.Context(), here, text)
	must(t, err)
	r := request(text)
	r.Subgroups = found.Subgroups
	a, err := l.Ask(t.Context(), r)
	must(t, err)
	if len(a.Rows) != 1 || len(a.Rows[0]) != 3 || a.Statistics.LogGroupsScanned != 2 {
		t.Errorf("%s %s: %v, %+v", a.Status, a.Reason, a.Rows, a.Statistics)
	}
	if err := l.Logs.DeleteLogGroup(t.Context(), here, "other"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Ask(t.Context(), r); !awserr.HasCode(err, codeNotFound) {
		t.Errorf("error %v", err)
	}
}

// BenchmarkKeeping shows what a look-up of some milliseconds costs more for being
// kept on disk: its start and its answer are written before they are told.
func BenchmarkKeeping(b *testing.B) {
	labs := map[string]*lab{"memory": newLab(b, Config{}), "disk": newLab(b, Config{Folder: b.TempDir()})}
	for _, l := range labs {
		l.put(b, 4_000)
	}
	took := map[string][]time.Duration{}
	for b.Loop() {
		for name, l := range labs { // by turns: whatever else the machine does concerns both
			began := time.Now()
			if a := l.ask(b, "filter n % 1000 = 7 | fields n"); len(a.Rows) < 4 {
				b.Fatal(a.Status)
			}
			took[name] = append(took[name], time.Since(began))
		}
	}
	for name, all := range took {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds()), name+"-µs/p50")
		b.ReportMetric(float64(all[len(all)*95/100].Microseconds()), name+"-µs/p95")
	}
}

// put adds so many small events.
func (l *lab) put(t testing.TB, n int) {
	t.Helper()
	for from := 0; from < n; from += 1000 {
		var events []logs.InputEvent
		for i := range 1000 {
			events = append(events, logs.InputEvent{Timestamp: noon - int64(n-from-i), Message: fmt.Sprintf(`{"n":%d}`, from+i)})
		}
		_, err := l.logs.PutLogEvents(t.Context(), here, "g", "s", events, nil)
		must(t, err)
	}
}
