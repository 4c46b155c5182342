package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sort"
	"strings"
	"sync"
	"testing"
)

// scanned returns the rows of a scan as lines, sorted.
func scanned(t *testing.T, e *Embedded, q ScanQuery) []string {
	t.Helper()
	var mu sync.Mutex
	var lines []string
	_, err := e.Scan(context.Background(), q, func(_ int, b *Block) error {
		mu.Lock()
		defer mu.Unlock()
		for i := range b.N {
			var cells []string
			for c, name := range q.Columns {
				if name == ColumnTime {
					cells = append(cells, fmt.Sprint(b.Times[i]))
				} else {
					cells = append(cells, strings.Clone(b.Values[c][i]))
				}
			}
			line := strings.Join(cells, " ")
			if q.Group {
				line += fmt.Sprintf(" x%d", b.Counts[i])
			}
			lines = append(lines, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(lines)
	return lines
}

// scanRows are three rows of one group and one of another.
func scanRows() []Row {
	mine, other := Tenant{1, 1}, Tenant{1, 2}
	return []Row{
		{Tenant: mine, Stream: 1, ID: 1, Time: noon, Ingested: noon + 5, Message: `{"from":"Anna@example.com","n":7,"to":["a","b"]}`},
		{Tenant: mine, Stream: 1, ID: 2, Time: noon + 1500, Ingested: noon + 5, Message: `{"from":"ben@example.com","n":-70}`},
		{Tenant: mine, Stream: 2, ID: 3, Time: noon + 2100, Ingested: noon + 5, Message: "plain text of anna@Example.com"},
		{Tenant: other, Stream: 3, ID: 4, Time: noon, Ingested: noon + 5, Message: `{"from":"anna@example.com","n":7}`},
	}
}

func TestScanFilters(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	add(t, e, scanRows()...)
	one := func(op Op, column string, texts ...string) *Filter {
		return &Filter{Op: op, Column: column, Texts: texts}
	}
	for _, c := range []struct {
		name string
		f    *Filter
		want string
	}{
		{"none", nil, "1,2,3"},
		{"equal", one(Equal, "from", "ben@example.com"), "2"},
		{"equal one of", one(Equal, "from", "ben@example.com", "Anna@example.com"), "1,2"},
		{"equal is whole", one(Equal, "from", "ben"), ""},
		{"equal nothing", one(Equal, "from", ""), "3"},
		{"number", one(Equal, "n", "7"), "1"},
		{"contains", one(Contains, "from", "na@ex"), "1"},
		{"contains one of", one(Contains, "from", "na@ex", "en@"), "1,2"},
		{"contains minds case", one(Contains, "from", "anna"), ""},
		{"fold", one(ContainsFold, "from", "aNNa@EX"), "1"},
		{"fold in the message", one(ContainsFold, ColumnMessage, "anna@example"), "1,3"},
		{"prefix", one(Prefix, "from", "be"), "2"},
		{"exists", one(Exists, "to.1"), "1"},
		{"whole array", one(Contains, "to", `"b"`), "1"},
		{"not", &Filter{Op: Not, Of: []Filter{*one(Equal, "from", "ben@example.com")}}, "1,3"},
		{"and", &Filter{Op: And, Of: []Filter{*one(Exists, "n"), *one(Prefix, "from", "be")}}, "2"},
		{"or", &Filter{Op: Or, Of: []Filter{*one(Equal, "n", "7"), *one(Contains, ColumnMessage, "plain")}}, "1,3"},
		{"and of nothing", &Filter{Op: And}, "1,2,3"},
		{"or of nothing", &Filter{Op: Or}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ScanQuery{Tenants: []Tenant{{1, 1}}, From: noon, To: noon + 5000, Filter: c.f, Columns: []string{ColumnID}}
			if got := strings.Join(scanned(t, e, q), ","); got != c.want {
				t.Errorf("rows %s, want %s, by %s", got, c.want, q.query(&e.apart))
			}
		})
	}
}

func TestScanColumns(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	add(t, e, scanRows()...)
	q := ScanQuery{Tenants: []Tenant{{1, 1}}, From: noon, To: noon + 5000, Columns: []string{ColumnTime, ColumnStream, "from", "none"}}
	want := fmt.Sprint([]string{
		fmt.Sprint(noon, " 1 Anna@example.com "), fmt.Sprint(noon+1500, " 1 ben@example.com "), fmt.Sprint(noon+2100, " 2  ")})
	if got := fmt.Sprint(scanned(t, e, q)); got != want {
		t.Errorf("rows %s\nwant %s", got, want)
	}
	q.Streams, q.Without = []Stream{{Tenant{1, 1}, 1}}, nil
	if got := len(scanned(t, e, q)); got != 2 {
		t.Errorf("%d rows of stream 1", got)
	}
	q.Streams, q.Without = nil, []Stream{{Tenant{1, 1}, 1}}
	if got := len(scanned(t, e, q)); got != 1 {
		t.Errorf("%d rows without stream 1", got)
	}
	q.Tenants, q.Without = []Tenant{{1, 1}, {1, 2}}, nil
	if got := len(scanned(t, e, q)); got != 4 {
		t.Errorf("%d rows of two groups", got)
	}
	q.To = noon + 1499
	if got := len(scanned(t, e, q)); got != 2 {
		t.Errorf("%d rows of the first 1.5 s", got)
	}
}

func TestScanGroups(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	add(t, e, scanRows()...)
	q := ScanQuery{Tenants: []Tenant{{1, 1}, {1, 2}}, From: noon, To: noon + 5000, Group: true, Columns: []string{"n"}}
	if got := fmt.Sprint(scanned(t, e, q)); got != "[ x1 -70 x1 7 x2]" {
		t.Errorf("by n: %s", got)
	}
	q.Columns, q.Every = []string{ColumnTime}, 1000
	want := fmt.Sprintf("[%d x2 %d x1 %d x1]", noon, noon+1000, noon+2000)
	if got := fmt.Sprint(scanned(t, e, q)); got != want {
		t.Errorf("by second: %s, want %s", got, want)
	}
	q.Columns = nil
	if got := fmt.Sprint(scanned(t, e, q)); got != "[ x4]" {
		t.Errorf("all: %s", got)
	}
}

func TestScanEnds(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	add(t, e, scanRows()...)
	q := ScanQuery{Tenants: []Tenant{{1, 1}}, From: noon, To: noon + 5000, Columns: []string{ColumnID}}
	enough := errors.New("enough")
	if _, err := e.Scan(context.Background(), q, func(int, *Block) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Scan(ctx, q, func(int, *Block) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The library keeps texts that look like numbers, addresses and times as such,
// a block at a time: what comes out must be what went in, in columns and groups.
func TestColumnsAndGroupsKeepTexts(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	sets := [][]string{
		{"1_0", "7", "1_000"}, {"2345_"}, {"10", "1_0", "a"}, {"0", "_", "-0", "--", "1-0", "", "b"}, {"-0", "-5", "12"}, {"1.0", "2.50"}, {"1e3", "1E3", "1000"}, {"+5"}, {"1.2.3.4", "01.2.3.4", "1.2.3.004"},
		{"2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000Z"}, {"2024-01-02T03:04:05.123Z"}, {"2024-01-02T03:04:05+00:00"}, {"0x10"}, {"1.", "2."}, {".5", "-.5"},
		{"-0.0", "0.0"}, {"NaN", "Inf"}, {"00", "007"}, {"1_000.5"}, {"18446744073709551615", "18446744073709551616"}, {"-9223372036854775808"},
		{"0.1", "0.30000000000000004"}, {"123456789012345678.5"}, {"1.7976931348623157e308"}, {"10s", "1h"}, {"1KB"}, {" 1", "1 "},
	}
	id := uint64(0)
	for i, set := range sets {
		tenant := Tenant{1, uint32(i + 1)}
		want := map[string]int{}
		for range 2 {
			for _, v := range set {
				id++
				want[v]++
				add(t, e, Row{Tenant: tenant, Stream: uint64(i + 1), ID: id, Time: noon, Ingested: noon, Message: fmt.Sprintf(`{"v%d":%q}`, i, v)})
			}
		}
		for _, group := range []bool{false, true, true} { // the second time it may know that they look like numbers
			got := map[string]int{}
			var mu sync.Mutex
			q := ScanQuery{Tenants: []Tenant{tenant}, From: noon, To: noon, Columns: []string{fmt.Sprintf("v%d", i)}, Group: group}
			_, err := e.Scan(context.Background(), q, func(_ int, b *Block) error {
				mu.Lock()
				defer mu.Unlock()
				for i, v := range b.Values[0] {
					n := 1
					if group {
						n = int(b.Counts[i])
					}
					got[strings.Clone(v)] += n
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, want) {
				t.Errorf("%q, grouped %v: %v", set, group, got)
			}
		}
	}
}

// When the groups that could be numbers do not fit by two columns, they come row by row.
func TestNumbersByRow(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	add(t, e, scanRows()...)
	e.show()
	q := ScanQuery{Tenants: []Tenant{{1, 1}, {1, 2}}, From: noon, To: noon + 5000, Group: true, Columns: []string{"n"}}
	var mu sync.Mutex
	got := map[string]uint64{}
	_, err := e.numbersByRow(t.Context(), &q, func(_ int, b *Block) error {
		mu.Lock()
		defer mu.Unlock()
		for i := range b.N {
			got[strings.Clone(b.Values[0][i])] += b.Counts[i]
		}
		return nil
	})
	if want := map[string]uint64{"7": 2, "-70": 1}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, want %v, error %v", got, want, err)
	}
}
