package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// IDs returns the ids, at least from, of the tenants' rows whose time is in
// [first, last] milliseconds.
func (e *Embedded) IDs(ctx context.Context, tenants []Tenant, first, last int64, from uint64) (map[uint64]struct{}, error) {
	e.show()
	ids := map[uint64]struct{}{}
	query := fmt.Sprintf(`%s:>=%d | fields %s`, quote(colID), from, quote(colID))
	err := e.run(ctx, tenantIDs(tenants), query, nanos(first), nanosEnd(last), func(b *logstorage.DataBlock) {
		if c := b.GetColumnByName(colID); c != nil {
			for _, v := range c.Values {
				ids[number(v)] = struct{}{}
			}
		}
	})
	return ids, err
}

// Deletion says which rows to delete.
type Deletion struct {
	// Name tells deletions apart; one that is still in progress is not begun again.
	Name    string
	Tenants []Tenant
	// Stream restricts to one log stream of the one tenant named; 0 means all.
	Stream uint64
	// Before is the time in milliseconds up to which, excluded, rows are deleted.
	Before int64
}

// Delete begins to delete. The library rewrites, in the background and one
// deletion after another, the parts that have such rows; it remembers deletions
// over a restart. Rows added afterwards may or may not be deleted.
func (e *Embedded) Delete(ctx context.Context, d Deletion) error {
	active, err := e.deleting(ctx)
	if err != nil {
		return err
	}
	if _, ok := active[d.Name]; ok || len(d.Tenants) == 0 {
		return nil
	}
	f, err := logstorage.ParseFilter(d.filter(&e.apart))
	if err == nil {
		// The library deletes nothing later than a deletion's start.
		err = e.storage.DeleteRunTask(ctx, d.Name, nanos(d.Before), tenantIDs(d.Tenants), f)
		e.spreads.forget() // from here on isDeleting tells
	}
	if err != nil {
		return fmt.Errorf("log engine deletion %s: %w", d.Name, err)
	}
	return nil
}

// filter is the library's filter for the rows to delete.
func (d *Deletion) filter(apart *Apart) string {
	query := "_time:<" + time.UnixMilli(d.Before).UTC().Format("2006-01-02T15:04:05.000Z")
	if d.Stream != 0 {
		query = apart.streams("", []Stream{{d.Tenants[0], d.Stream}}) + " " + query
	}
	return query
}

// Left returns how many rows d has yet to delete.
func (e *Embedded) Left(ctx context.Context, d Deletion) (int, error) {
	e.show()
	n := 0
	err := e.run(ctx, tenantIDs(d.Tenants), d.filter(&e.apart)+" | stats count() n", 0, nanos(d.Before)-1, func(b *logstorage.DataBlock) {
		n = int(number(cell(b, "n", 0)))
	})
	return n, err
}

// isDeleting reports whether rows may be going.
func (e *Embedded) isDeleting() bool {
	active, err := e.deleting(context.Background())
	return err != nil || len(active) > 0
}

// deleting returns the names of the deletions that have not ended.
func (e *Embedded) deleting(ctx context.Context) (map[string]struct{}, error) {
	tasks, err := e.storage.DeleteActiveTasks(ctx)
	if err != nil {
		return nil, fmt.Errorf("log engine deletions: %w", err)
	}
	names := make(map[string]struct{}, len(tasks))
	for _, t := range tasks {
		names[t.TaskID] = struct{}{}
	}
	return names, nil
}

// tenantIDs are the library's names of the tenants, in order: its search takes
// them to be sorted, and misses rows of those that are not.
func tenantIDs(tenants []Tenant) []logstorage.TenantID {
	tenants = slices.Clone(tenants)
	slices.SortFunc(tenants, func(a, b Tenant) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Group, b.Group))
	})
	ids := make([]logstorage.TenantID, len(tenants))
	for i, t := range tenants {
		ids[i] = t.id()
	}
	return ids
}
