package engine

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
	"testing"
	"time"
	"unicode/utf8"
)

func TestMain(m *testing.M) {
	if err := Configure(Settings{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	helper()
	os.Exit(m.Run())
}

func open(t testing.TB, path string) *Embedded {
	t.Helper()
	e, err := Open(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func closeEngine(t testing.TB, e *Embedded) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func add(t testing.TB, e *Embedded, rows ...Row) {
	t.Helper()
	if err := e.Add(rows); err != nil {
		t.Fatal(err)
	}
}

func page(t testing.TB, e *Embedded, q PageQuery) Page {
	t.Helper()
	p, err := e.Page(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const noon = int64(1_764_072_000_000) // 2025-11-25T12:00:00Z

var group = Tenant{Account: 1, Group: 7}

func everything(tenant Tenant) PageQuery {
	return PageQuery{Tenant: tenant, From: 0, To: noon * 2, Limit: 10_000, MaxBytes: 16 << 20}
}

func TestConfigureTwice(t *testing.T) {
	for range 2 {
		if err := Configure(Settings{MemoryBytes: 64 << 20}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir)
	defer closeEngine(t, e)
	if _, err := Open(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Fatalf("second open: %v", err)
	}
}

func TestMessagesComeBackByteForByte(t *testing.T) {
	messages := []string{
		" ", "\n", "a", "plain text", " leading and trailing ", "tab\tand\x00zero", "\xff\xfe not UTF-8",
		`{}`, `{"a":1}`, ` {"a" : 1.50 } `, `{"a":1,"a":2}`, `{"a.b":1,"a":{"b":2}}`,
		`{"_msg":"x","_time":"2020-01-01T00:00:00Z","_stream":"y","_stream_id":"z","":"empty","@id":"3","@stream":"4"}`,
		`{"broken":`, `{"deep":` + strings.Repeat(`{"x":`, 200) + `1` + strings.Repeat(`}`, 200) + `}`,
		"1", "-0", "1e3", "0x10", "192.168.1.1", "2025-11-25T12:00:00.000Z", "null", "true",
		"\x1b[31mred\x1b[0m", strings.Repeat("é", 1000),
		`{"` + strings.Repeat("k", 300) + `":"long name"}`,
		manyMembers(5000), manyElements(4000), bigJSON(1<<20 - 26), strings.Repeat("x", 1<<20-26),
	}
	path := t.TempDir()
	e := open(t, path)
	defer func() { closeEngine(t, e) }()
	var rows []Row
	for i, m := range messages {
		rows = append(rows, Row{Tenant: group, Stream: 3, ID: uint64(i + 1), Time: noon, Ingested: noon + 5, Message: m})
	}
	add(t, e, rows...)
	check := func(when string) {
		t.Helper()
		p := page(t, e, everything(group))
		if len(p.Events) != len(messages) {
			t.Fatalf("%s: %d events, want %d", when, len(p.Events), len(messages))
		}
		for i, ev := range p.Events {
			want := Event{Stream: 3, ID: uint64(i + 1), Time: noon, Ingested: noon + 5, Message: messages[i]}
			if ev != want {
				t.Errorf("%s: event %d: got %.200q, want %.200q", when, i, fmt.Sprint(ev), fmt.Sprint(want))
			}
		}
	}
	check("in memory")
	if err := e.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	check("on disk")
	closeEngine(t, e)
	e = open(t, path)
	check("reopened")
}

func manyMembers(n int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		fmt.Fprintf(&b, `"member%d":%d,`, i, i)
	}
	return b.String() + `"end":1}`
}

func manyElements(n int) string {
	return `{"list":["a` + strings.Repeat(`","a`, n) + `"]}`
}

func bigJSON(n int) string {
	return `{"a":"` + strings.Repeat("y", n-8) + `"}`
}

// A stream whose every message has members of its own must lose none of them,
// neither when rows are added nor when the library merges them later.
func TestManyMemberNamesLoseNothing(t *testing.T) {
	path := t.TempDir()
	e := open(t, path)
	defer func() { closeEngine(t, e) }()
	ctx := context.Background()
	total := 0
	for round := range 6 {
		var rows []Row
		for i := range 700 {
			total++
			rows = append(rows, Row{Tenant: group, Stream: 1, ID: uint64(total), Time: noon + int64(i), Ingested: noon,
				Message: fmt.Sprintf(`{"name%d":1,"other%d":{"deep":[1,2]}}`, total, total)})
		}
		add(t, e, rows...)
		if err := e.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if round == 2 { // the count of names must survive this
			closeEngine(t, e)
			e = open(t, path)
		}
	}
	e.storage.MustForceMerge("")
	if p := page(t, e, everything(group)); len(p.Events) != total {
		t.Fatalf("%d events, want %d", len(p.Events), total)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("text")
	f.Add(`{"a":[1,{"b":null}],"@x":true}`)
	e := open(f, f.TempDir())
	f.Cleanup(func() { closeEngine(f, e) })
	id := uint64(0)
	f.Fuzz(func(t *testing.T, message string) {
		if message == "" || len(message) > 1<<20 {
			return
		}
		id++
		add(t, e, Row{Tenant: group, Stream: 1, ID: id, Time: noon + int64(id), Ingested: noon, Message: message})
		q := everything(group)
		q.From = noon + int64(id)
		q.To = q.From
		if utf8.ValidString(message) {
			n := len(message)
			q.Contains = [][]string{{message}, {message[:n/2+1], "nowhere"}, {message[n/3 : n-n/4]}}
		}
		p := page(t, e, q)
		if len(p.Events) != 1 || p.Events[0].Message != message {
			t.Fatalf("got %+v, want %q", p.Events, message)
		}
	})
}

// deleteAll deletes and waits for the library's end of it, which nothing tells of.
func deleteAll(t *testing.T, e *Embedded, d Deletion) {
	t.Helper()
	if err := e.Delete(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(30 * time.Second); ; {
		if n, err := e.Left(t.Context(), d); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			return
		}
		select {
		case <-deadline:
			t.Fatal("not deleted")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A deletion leaves days without rows behind: they must not hide the others,
// and their folders go.
func TestDaysWithoutRows(t *testing.T) {
	path := t.TempDir()
	e := open(t, path)
	defer func() { closeEngine(t, e) }()
	ctx := t.Context()
	gone := Tenant{1, 99}
	row := func(tenant Tenant, id uint64, day int64) Row {
		return Row{Tenant: tenant, Stream: 1, ID: id, Time: noon + day*dayMillis, Ingested: noon, Message: "m"}
	}
	add(t, e, row(gone, 1, -3), row(group, 2, -2), row(gone, 3, -2), row(gone, 4, -1), row(group, 5, 0), row(gone, 6, 3))
	d := Deletion{Name: "all", Tenants: []Tenant{gone}, Before: noon + 10*dayMillis}
	deleteAll(t, e, d)
	check := func(days ...string) {
		t.Helper()
		for _, descending := range []bool{false, true} {
			q := everything(group)
			q.Descending = descending
			if p := page(t, e, q); len(p.Events) != 2 {
				t.Errorf("%d events, want 2", len(p.Events))
			}
		}
		if got := e.storage.PartitionList(); !slices.Equal(got, days) {
			t.Errorf("days %v, want %v", got, days)
		}
	}
	check("20251122", "20251123", "20251124", "20251125", "20251128")
	if err := e.DropEmpty(ctx, noon); err != nil {
		t.Fatal(err)
	}
	check("20251123", "20251125", "20251128")
	closeEngine(t, e)
	e = open(t, path)
	check("20251123", "20251125", "20251128")
	add(t, e, row(group, 7, -1)) // a day may come back
	if p := page(t, e, everything(group)); len(p.Events) != 3 {
		t.Errorf("%d events, want 3", len(p.Events))
	}
}

// model is what a page must be, computed plainly.
func model(rows []Row, q PageQuery) []Event {
	var all []Event
	for _, r := range rows {
		ev := Event{Stream: r.Stream, ID: r.ID, Time: r.Time, Ingested: r.Ingested, Message: r.Message}
		if r.Tenant != q.Tenant || r.Time < q.From || r.Time > q.To ||
			q.Streams != nil && !slices.Contains(q.Streams, r.Stream) || q.Match != nil && !q.Match(r.Message) {
			continue
		}
		lacks := func(texts []string) bool {
			return !slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(r.Message, s) })
		}
		if slices.ContainsFunc(q.Contains, lacks) {
			continue
		}
		all = append(all, ev)
	}
	slices.SortFunc(all, func(a, b Event) int {
		c := cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
		if q.Descending {
			return -c
		}
		return c
	})
	return all
}

func TestPagesAreWhatAPlainSortGives(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	rng := rand.New(rand.NewPCG(1, 2))
	var rows []Row
	for i := range 30_000 {
		at := noon - rng.Int64N(1<<rng.IntN(31))
		rows = append(rows, Row{
			Tenant: Tenant{1, uint32(7 + rng.IntN(2))}, Stream: uint64(1 + rng.IntN(4)), ID: uint64(i + 1),
			Time: at, Ingested: noon, Message: fmt.Sprintf("message %d %s", i, strings.Repeat("z", rng.IntN(100))),
		})
	}
	for chunk := range slices.Chunk(rows, 3000) {
		add(t, e, chunk...)
	}
	for i := range 60 {
		q := everything(group)
		q.Descending = i%2 == 0
		q.Limit = []int{1, 7, 100, 5000}[rng.IntN(4)]
		q.MaxBytes = []int{1, 1000, 1 << 20}[rng.IntN(3)]
		if rng.IntN(2) == 0 {
			q.Streams = []uint64{1, 3}
		}
		if rng.IntN(3) == 0 {
			q.From, q.To = noon-rng.Int64N(1<<30), noon-rng.Int64N(1<<10)
		}
		if rng.IntN(3) == 0 {
			q.Contains = [][]string{{"7 ", "8 z"}, {"message 1", "sage 2"}}
		}
		if rng.IntN(3) == 0 {
			q.Match = func(m string) bool { return strings.Contains(m, "99") }
			q.MaxScan = 10_000
		}
		want := model(rows, q)
		var got []Event
		for pages := 0; ; pages++ {
			p := page(t, e, q)
			if len(p.Events) > q.Limit {
				t.Fatalf("%d events, limit %d", len(p.Events), q.Limit)
			}
			got = append(got, p.Events...)
			if p.Next == nil {
				if len(got) != len(want) {
					t.Fatalf("query %d: the last page came after %d events, want %d: %+v", i, len(got), len(want), q)
				}
				break
			}
			if pages == 5 {
				break
			}
			q.Cursor = p.Next
		}
		if !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("query %d: %d events differ: %+v", i, len(got), q)
		}
	}
}

func TestSyncLeavesNothingInMemory(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { // a writer that never rests
		defer close(done)
		for id := uint64(1_000_000); ; id += 100 {
			select {
			case <-stop:
				return
			default:
			}
			var rows []Row
			for i := range uint64(100) {
				rows = append(rows, Row{Tenant: Tenant{9, 9}, Stream: 1, ID: id + i, Time: noon, Ingested: noon, Message: "noise"})
			}
			if err := e.Add(rows); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	var ids uint64
	for range 5 {
		for range 10 {
			ids++
			add(t, e, Row{Tenant: group, Stream: 1, ID: ids, Time: noon - int64(ids%3)*86_400_000, Ingested: noon, Message: "m"})
		}
		if err := e.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		// What is on disk is what a crash at this moment would leave.
		if n := rowsOnDisk(t, e.path, group); n != int(ids) {
			t.Fatalf("%d rows on disk, want %d", n, ids)
		}
	}
	close(stop)
	<-done
}

// rowsOnDisk opens a copy of the folder's durable files and counts.
func rowsOnDisk(t *testing.T, path string, tenant Tenant) int {
	t.Helper()
	copied := copyParts(t, path)
	e := open(t, copied)
	defer closeEngine(t, e)
	n, err := e.Left(context.Background(), Deletion{Tenants: []Tenant{tenant}, Before: noon * 2})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// copyParts copies an engine's folder while it runs. Parts come and go, so a
// list of parts and the parts are copied until they agree.
func copyParts(t *testing.T, from string) string {
	t.Helper()
	for range 100 {
		to := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(to, os.DirFS(from)); err == nil && partsAgree(to) {
			if err := removeSnapshots(to); err != nil {
				t.Fatal(err)
			}
			return to
		}
		os.RemoveAll(to)
	}
	t.Fatal("no consistent copy in 100 attempts")
	return ""
}

func partsAgree(path string) bool {
	lists, _ := filepath.Glob(filepath.Join(path, "storage", "partitions", "*", "*", "parts.json"))
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			return false
		}
		for name := range strings.FieldsFuncSeq(string(b), func(r rune) bool { return strings.ContainsRune(`[]", `, r) }) {
			if name == "null" {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(list), name, "metadata.json")); err != nil {
				return false
			}
		}
	}
	return true
}
