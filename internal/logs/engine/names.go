package engine

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// The library drops rows, with no more than a line in its log, when a block of
// one stream comes to more than 2,000 columns: when rows are added, and again
// whenever it merges blocks, long after. So the names that the rows of one
// stream and day may have as columns are counted here, and a member beyond
// maxColumns of them stays in the message alone. A block holds at most the names
// of its stream and day, and the library adds the next row's to that: twice
// maxColumns never passes its bound.

// nameKey is what the library builds a block from: one stream, one day.
type nameKey struct {
	tenant Tenant
	stream uint64
	day    int64
}

// nameSet is the column names that the rows of one nameKey have.
type nameSet struct {
	names atomic.Pointer[map[string]struct{}]
	mu    sync.Mutex // guards adding
}

// allow reports whether rows may have the column, and counts it if so.
func (s *nameSet) allow(name string) bool {
	if _, ok := (*s.names.Load())[name]; ok {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := *s.names.Load()
	if _, ok := old[name]; ok {
		return true
	}
	if len(old) >= maxColumns {
		return false
	}
	grown := make(map[string]struct{}, len(old)+1)
	maps.Copy(grown, old)
	grown[name] = struct{}{}
	s.names.Store(&grown)
	return true
}

// nameSets remembers the sets in use.
type nameSets struct {
	mu   sync.Mutex
	sets map[nameKey]*nameSet
}

// maxNameSets bounds how many are remembered; see forget.
const maxNameSets = 10_000

// nameSet returns the set of r's stream and day. After a restart it is read
// from the rows that are there.
func (e *Embedded) nameSet(r *Row) (*nameSet, error) {
	key := nameKey{r.Tenant, r.Stream, floorDiv(r.Time, dayMillis)}
	e.names.mu.Lock()
	defer e.names.mu.Unlock()
	if s := e.names.sets[key]; s != nil {
		return s, nil
	}
	names, err := e.columnNames(key)
	if err != nil {
		return nil, fmt.Errorf("column names of the stream: %w", err)
	}
	s := &nameSet{}
	s.names.Store(&names)
	e.names.sets[key] = s
	return s, nil
}

func (e *Embedded) columnNames(key nameKey) (map[string]struct{}, error) {
	names := map[string]struct{}{}
	for _, own := range []string{colMessage, colStream, colID, colIngested, colPartial} {
		names[own] = struct{}{}
	}
	e.show()
	query := e.apart.streams("", []Stream{{key.tenant, key.stream}}) + " | field_names"
	from := key.day * dayMillis
	err := e.run(context.Background(), []logstorage.TenantID{key.tenant.id()}, query, nanos(from), nanosEnd(from+dayMillis-1),
		func(b *logstorage.DataBlock) {
			if c := b.GetColumnByName("name"); c != nil {
				for _, v := range c.Values {
					names[strings.Clone(v)] = struct{}{}
				}
			}
		})
	return names, err
}

// forget drops the sets when there are many. Adding must be shut: rows that
// were flattened but not added yet would be missing in a set read anew.
func (n *nameSets) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.sets) > maxNameSets {
		clear(n.sets)
	}
}
