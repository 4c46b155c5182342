package engine

import (
	"fmt"
	"sync"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// daySpreads remembers how the rows of days lie, by tenants. To count a month's rows
// takes the library longer than to find a message among them, and only the current
// day changes.
type daySpreads struct {
	mu sync.Mutex
	// added counts, by day, what began and what ended of adding rows to it; deleted
	// counts whatever may have made rows go.
	added   map[string]uint64
	deleted uint64
	spreads map[daySpreadKey]daySpread
}

type daySpreadKey struct{ day, tenants string }

type daySpread struct {
	Spread
	// state is the day's when the rows were counted.
	state uint64
}

// maxDaySpreads bounds how many are remembered, about 150 bytes each.
const maxDaySpreads = 50_000

// touch notes that rows of these days are about to be added, or were: in between a
// question may or may not see them.
func (d *daySpreads) touch(days []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.added == nil {
		d.added = map[string]uint64{}
	}
	for _, day := range days {
		d.added[day]++
	}
}

// forget makes everything void that is remembered or being asked for.
func (d *daySpreads) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deleted++
	clear(d.spreads)
}

// state only ever grows. mu is held.
func (d *daySpreads) state(day string) uint64 { return d.added[day] + d.deleted }

// states returns the states of days, for note.
func (d *daySpreads) states(days []string) map[string]uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	states := make(map[string]uint64, len(days))
	for _, day := range days {
		states[day] = d.state(day)
	}
	return states
}

// known returns what is remembered of days and still holds.
func (d *daySpreads) known(tenants []logstorage.TenantID, days []string) map[string]Spread {
	key := daySpreadKey{tenants: fmt.Sprint(tenants)}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := make(map[string]Spread, len(days))
	for _, key.day = range days {
		if s, ok := d.spreads[key]; ok && s.state == d.state(key.day) {
			known[key.day] = s.Spread
		}
	}
	return known
}

// note remembers what was asked for after the days had these states.
func (d *daySpreads) note(tenants []logstorage.TenantID, fresh map[string]Spread, states map[string]uint64) {
	key := daySpreadKey{tenants: fmt.Sprint(tenants)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spreads == nil || len(d.spreads) > maxDaySpreads {
		d.spreads = map[daySpreadKey]daySpread{}
	}
	for day, s := range fresh {
		key.day = day
		d.spreads[key] = daySpread{s, states[day]}
	}
}
