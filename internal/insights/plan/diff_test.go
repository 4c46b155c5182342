package plan_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/plan"
	"waybill/internal/insights/syntax"
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

// The rows of these tests are of three days that end at noon: 2025-11-25T12:00:00Z.
const (
	noon = int64(1_764_072_000_000)
	day  = int64(86_400_000)
)

var here = logs.Scope{Account: "111122223333", Region: "us-east-1"}

// lab is a log service with two groups of random events.
type lab struct {
	t      *testing.T
	folder string
	db     *store.DB
	*logs.Service
	rng *rand.Rand
	now atomic.Int64
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, folder: t.TempDir(), rng: rand.New(rand.NewPCG(1, 2))}
	l.now.Store(noon)
	l.open()
	t.Cleanup(l.close)
	for _, g := range []string{"a", "b"} {
		l.must(l.CreateLogGroup(t.Context(), here, logs.NewGroup{Name: g}))
		for _, s := range []string{"one", "two"} {
			l.must(l.CreateLogStream(t.Context(), here, g, s))
		}
	}
	return l
}

func (l *lab) open() {
	quiet := slog.New(slog.DiscardHandler)
	var err error
	l.db, err = store.Open(l.t.Context(), filepath.Join(l.folder, "meta.db"), quiet)
	l.must(err)
	l.Service, err = logs.Open(l.t.Context(), logs.Config{DB: l.db, Folder: l.folder, Logger: quiet,
		Now: func() time.Time { return time.UnixMilli(l.now.Load()) }})
	l.must(err)
}

func (l *lab) close() {
	l.must(l.Service.Close(context.Background()))
	l.must(l.db.Close())
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// put puts n random events into each stream.
func (l *lab) put(n int) {
	for _, g := range []string{"a", "b"} {
		for _, s := range []string{"one", "two"} {
			events := make([]logs.InputEvent, n)
			for i := range events {
				// Few different times, so that many events share one.
				events[i] = logs.InputEvent{Timestamp: noon - l.rng.Int64N(3)*day - l.rng.Int64N(500)*50, Message: l.message()}
			}
			slices.SortStableFunc(events, func(a, b logs.InputEvent) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
			for batch := range slices.Chunk(events, 1000) {
				for len(batch) > 0 { // one day at a time
					k := len(batch)
					for k > 1 && batch[k-1].Timestamp-batch[0].Timestamp > day {
						k--
					}
					_, err := l.PutLogEvents(l.t.Context(), here, g, s, batch[:k], nil)
					l.must(err)
					batch = batch[k:]
				}
			}
		}
	}
}

func (l *lab) pick(list ...string) string { return list[l.rng.IntN(len(list))] }

// message is mostly a mail event; the rest is what makes columns incomplete or
// differ from what the message says.
func (l *lab) message() string {
	from := l.pick("anna", "Anna", "ANNA", "ben", "", "söle", "SÖLE", "k\u212aelvin") + "@" + l.pick("example.com", "Example.com", "other.test")
	to := fmt.Sprintf("user%d@example.com", l.rng.IntN(9))
	switch l.rng.IntN(20) {
	case 0:
		return l.pick("plain text with Anna in it", "{ not JSON }", `{"event":`, "", "x") + "."
	case 1:
		return fmt.Sprintf(`{"event":{"from":%q,"from":"twice@example.com","n":1},"event.n":2}`, from)
	case 2:
		return fmt.Sprintf(`{"event":{"from":null,"eventName":"","n":%q,"list":[],"o":{}},"@timestamp":"mine","a*":"star"}`, l.pick("007", "7", "7.0", "-70", "1e3", "7 "))
	case 3:
		many := make([]string, 230)
		for i := range many {
			many[i] = fmt.Sprintf("%q", fmt.Sprintf("many%d@example.com", i))
		}
		return fmt.Sprintf(`{"event":{"from":%q,"eventName":"ORGANIZATION_EMAIL_RECEIVED","recipients":[%s]}}`, from, strings.Join(many, ","))
	case 4:
		return fmt.Sprintf(`{"event":{"n":%s,"flag":%s,"nested":{"deep":[{"a":"x"},{"a":%q}]}},"_msg":"mine","_time":"x"}`,
			l.pick("1", "-5", "2.50", "100", "1e2", "0"), l.pick("true", "false", "null"), from)
	}
	return fmt.Sprintf(`{"traceId":"t%d","event":{"eventName":%q,"from":%q,"recipients":[%q,%q],"n":%d,"subject":%q,"messageId":"<%d@x>"}}`,
		l.rng.IntN(500), l.pick("ORGANIZATION_EMAIL_RECEIVED", "MAILBOX_EMAIL_DELIVERED", "OUTGOING_EMAIL_BOUNCED"), from, to, to,
		l.rng.IntN(200)-50, l.pick("Hello", "hello World", "Re: Invoice 42", "ſpecial", "42", "a/b"), l.rng.IntN(500))
}

// answer runs a query and returns its rows as text, and how it was run.
func (l *lab) answer(text string, groups []string, start, end int64, o plan.Options) (string, *plan.Run) {
	l.t.Helper()
	q, err := syntax.Parse(text)
	if err == nil {
		q, err = syntax.Prepare(q)
	}
	if err != nil {
		l.t.Fatalf("%s\n%v", text, err)
	}
	env := &exec.Env{Start: start, End: end, Now: time.UnixMilli(noon)}
	program, err := exec.Compile(q, env)
	if err != nil {
		l.t.Fatalf("%s\n%v", text, err)
	}
	var names []logs.GroupName
	for _, g := range groups {
		names = append(names, logs.GroupName{Scope: here, Name: g})
	}
	source, err := l.OpenSource(l.t.Context(), names)
	l.must(err)
	run := plan.NewRun(plan.Make(q, program.Needs(), env, o), source, program, env)
	if err := run.Feed(l.t.Context()); err != nil {
		l.t.Fatalf("%s\n%v", text, err)
	}
	result, err := program.Finish(l.t.Context())
	if err != nil {
		l.t.Fatalf("%s\n%v", text, err)
	}
	var lines []string
	for _, row := range result.Rows {
		var cells []string
		for _, f := range row {
			cells = append(cells, f.Name+"="+f.Value)
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	if !sorted(q) {
		slices.Sort(lines) // groups come in no order
	}
	return strings.Join(lines, "\n"), run
}

// sorted reports whether the order of the answer is the query's say.
func sorted(q *syntax.Query) bool {
	stats := false
	for _, c := range q.Commands {
		switch c.(type) {
		case *syntax.Stats:
			stats = true
		case *syntax.Sort:
			stats = false
		}
	}
	return !stats
}

// same compares the answers with and without push-down.
func (l *lab) same(text string, groups []string, start, end int64) {
	l.t.Helper()
	want, _ := l.answer(text, groups, start, end, plan.Options{NoPushDown: true})
	for _, o := range []plan.Options{{}, {SmallRange: 1}} {
		got, run := l.answer(text, groups, start, end, o)
		if got != want {
			l.t.Errorf("%s\nwith push-down %+v the answer differs\n%s\nat %s", text, o, run.Explain(), firstDifference(got, want))
			return
		}
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(end)", "(end)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d of %d and %d:\ngot  %.300s\nwant %.300s", i, len(a), len(b), x, y)
		}
	}
	return "nowhere"
}

// states runs check over the same log groups in memory, on disk, partly both,
// and after a restart.
func (l *lab) states(check func(state string)) {
	l.put(400)
	check("in memory")
	l.must(l.Checkpoint(l.t.Context()))
	check("on disk")
	l.put(300)
	check("partly on disk")
	l.close()
	l.open()
	check("after a restart")
}

func TestPushDownChangesNoAnswer(t *testing.T) {
	l := newLab(t)
	var list []string
	b, err := os.ReadFile("testdata/queries.txt")
	l.must(err)
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	l.states(func(state string) {
		for _, q := range list {
			l.same(q, []string{"a"}, noon-3*day, noon)
		}
		l.same("stats count(*), max(event.n) by event.from, @log", []string{"a", "b"}, noon-2*day, noon)
		l.same("fields @timestamp, @message, @log, @logStream | limit 50", []string{"b", "a"}, noon-3*day, noon-7)
		t.Log(state)
	})
}

func TestPushDownChangesNoRandomAnswer(t *testing.T) {
	l := newLab(t)
	n := 40
	if testing.Short() {
		n = 15
	}
	l.states(func(state string) {
		g := generator{rand.New(rand.NewPCG(7, uint64(len(state))))}
		for range n {
			end := noon - g.Int64N(2*day)
			l.same(g.query(), []string{"a", "b"}[:1+g.IntN(2)], end-g.Int64N(3*day), end)
		}
	})
}
