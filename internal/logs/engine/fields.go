package engine

import (
	"context"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// Fields counts, by column, the rows of q that have a text there: rows is how
// many there are, and the engine's own columns are left out. Members that are in
// messages alone are not counted. q's Filter, Columns and Group are not looked at.
func (e *Embedded) Fields(ctx context.Context, q ScanQuery) (counts map[string]int, rows int, err error) {
	counts = map[string]int{}
	spread, err := e.Spread(ctx, q)
	rows = spread.Rows
	if err != nil || rows == 0 {
		return counts, rows, err
	}
	var names []string
	err = e.run(ctx, tenantIDs(q.Tenants), q.rows(&e.apart)+" | field_names", nanos(q.From), nanosEnd(q.To), func(b *logstorage.DataBlock) {
		if c := b.GetColumnByName("name"); c != nil {
			for _, name := range c.Values {
				if _, ok := Member(name); ok && SearchableColumn(name) {
					names = append(names, strings.Clone(name))
				}
			}
		}
	})
	if err != nil || len(names) == 0 {
		return counts, rows, err
	}
	functions := make([]string, len(names))
	for i, name := range names {
		functions[i] = "count(" + quote(name) + ") n" + strconv.Itoa(i)
	}
	query := q.rows(&e.apart) + " | stats " + strings.Join(functions, ", ")
	err = e.run(ctx, tenantIDs(q.Tenants), query, nanos(q.From), nanosEnd(q.To), func(b *logstorage.DataBlock) {
		for i, name := range names {
			if n := int(number(cell(b, "n"+strconv.Itoa(i), 0))); n > 0 {
				counts[name] = n
			}
		}
	})
	return counts, rows, err
}
