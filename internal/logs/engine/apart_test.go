package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

func openApart(t *testing.T, path string) *Embedded {
	t.Helper()
	e, err := OpenWith(path, Options{Log: slog.New(slog.DiscardHandler), Apart: Apart{"event.eventName", []string{"SENT", "BOUNCED"}}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func named(id uint64, stream uint64, name string) Row {
	return Row{Tenant: group, Stream: stream, ID: id, Time: noon + int64(id), Ingested: noon, Message: fmt.Sprintf(`{"event":{"eventName":%q}}`, name)}
}

func TestStreamIDIsTheLibrarys(t *testing.T) {
	e := openApart(t, t.TempDir())
	defer closeEngine(t, e)
	for i, c := range []struct{ name, column string }{{"SENT", "event.eventName"}, {"OTHER", ""}} {
		row := named(uint64(i+1), 42, c.name)
		add(t, e, row)
		e.show()
		var got string
		err := e.run(context.Background(), []logstorage.TenantID{group.id()}, "* | fields _stream_id", nanos(row.Time), nanosEnd(row.Time),
			func(b *logstorage.DataBlock) { got = strings.Clone(b.Columns[0].Values[0]) })
		if err != nil {
			t.Fatal(err)
		}
		if want := streamID(Stream{group, 42}, c.column, c.name); got != want {
			t.Errorf("%s: the library says %s, we say %s", c.name, got, want)
		}
	}
}

// Rows that are kept apart, and those of before anything was, are found by their
// log stream, left out with it, and deleted with it.
func TestApartIsOneStream(t *testing.T) {
	path := t.TempDir()
	e := open(t, path)
	add(t, e, named(1, 1, "SENT"), named(2, 2, "SENT"))
	closeEngine(t, e)
	e = openApart(t, path)
	defer func() { closeEngine(t, e) }()
	add(t, e, named(3, 1, "SENT"), named(4, 1, "BOUNCED"), named(5, 1, "OTHER"), named(6, 2, "BOUNCED"), named(7, 3, "SENT"))

	of := func(numbers ...uint64) (list []Stream) {
		for _, n := range numbers {
			list = append(list, Stream{group, n})
		}
		return list
	}
	var others []Stream // so many that they are told by their column
	for n := range uint64(maxStreamIDs) {
		others = append(others, Stream{group, 1000 + n})
	}
	for _, c := range []struct {
		name          string
		streams, less []Stream
		want          string
	}{
		{"one", of(1), nil, "1,3,4,5"},
		{"two", of(1, 3), nil, "1,3,4,5,7"},
		{"one of many", append(of(2), others...), nil, "2,6"},
		{"without", nil, of(1), "2,6,7"},
		{"without many", nil, append(of(1, 3), others...), "2,6"},
		{"one without another", of(1, 2), of(2), "1,3,4,5"},
	} {
		q := ScanQuery{Tenants: []Tenant{group}, Streams: c.streams, Without: c.less, From: noon, To: noon + 100, Columns: []string{ColumnID}}
		if got := strings.Join(scanned(t, e, q), ","); got != c.want {
			t.Errorf("%s: rows %s, want %s", c.name, got, c.want)
		}
		s, err := e.Spread(t.Context(), q)
		if want := strings.Count(c.want, ",") + 1; err != nil || s.Rows != want {
			t.Errorf("%s: %d rows, want %d, error %v", c.name, s.Rows, want, err)
		}
	}
	var ids []uint64
	q := everything(group)
	q.Streams = []uint64{1}
	for _, event := range page(t, e, q).Events {
		ids = append(ids, event.ID)
	}
	if !slices.Equal(ids, []uint64{1, 3, 4, 5}) {
		t.Errorf("page of %v", ids)
	}
	names, err := e.columnNames(nameKey{group, 1, noon / dayMillis})
	if _, ok := names["event.eventName"]; !ok || err != nil {
		t.Errorf("columns %v, error %v", names, err)
	}
	deleteAll(t, e, Deletion{Name: "one", Tenants: []Tenant{group}, Stream: 1, Before: noon + 100})
	all := ScanQuery{Tenants: []Tenant{group}, From: noon, To: noon + 100, Columns: []string{ColumnID}}
	if got := strings.Join(scanned(t, e, all), ","); got != "2,6,7" {
		t.Errorf("after the deletion of stream 1: rows %s", got)
	}
}
