package exec

import (
	"container/heap"
	"slices"

	"waybill/internal/insights/syntax"
)

// A sort right after a stats, often with a limit that comes to it, is done over the
// groups: of a hundred thousand only those are made into rows that are shown.

// sortedStats compiles a stats and the sort that follows it.
func (c *compiler) sortedStats(s *syntax.Stats, order *syntax.Sort, next []syntax.Command) {
	p := c.statsPlan(s)
	p.order, p.limit = c.sortKeys(order), c.limitAhead(next)
	c.collect(p.gather)
}

// sortedRows gives the rows of the first limit groups, or of all, by the keys of
// order and, where they tie, in the order that they have without.
func (s *statsGather) sortedRows() []*row {
	first := groupHeap{order: s.plan.order}
	results := &row{slots: make([]value, len(s.plan.aggs))}
	probe := &row{weight: 1, slots: make([]value, s.plan.era.slots)}
	keys := make([]value, len(s.plan.order))
	for _, g := range s.groups {
		s.plan.fill(probe, g, results)
		for i, k := range s.plan.order {
			keys[i] = sortValue(k.of(probe))
		}
		first.take(sortedGroup{g, keys}, s.plan.limit)
	}
	slices.SortFunc(first.held, first.compare)
	out := make([]*row, len(first.held))
	for i, x := range first.held {
		out[i] = s.plan.row(x.group, results)
	}
	return out
}

type sortedGroup struct {
	*group
	keys []value
}

// groupHeap holds groups, the last of them on top.
type groupHeap struct {
	order []sortKey
	held  []sortedGroup
}

func (h *groupHeap) compare(a, b sortedGroup) int {
	for i := range h.order {
		c := compare(a.keys[i], b.keys[i])
		if h.order[i].desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return compareGroups(a.group, b.group)
}

// take holds x, whose keys are the caller's, if it is among the first limit; 0 is all.
func (h *groupHeap) take(x sortedGroup, limit int) {
	full := limit > 0 && len(h.held) == limit
	if full && h.compare(x, h.held[0]) >= 0 {
		return
	}
	x.keys = slices.Clone(x.keys)
	if full {
		h.held[0] = x
		heap.Fix(h, 0)
		return
	}
	h.held = append(h.held, x)
	if len(h.held) == limit {
		heap.Init(h)
	}
}

func (h *groupHeap) Len() int           { return len(h.held) }
func (h *groupHeap) Less(i, j int) bool { return h.compare(h.held[i], h.held[j]) > 0 }
func (h *groupHeap) Swap(i, j int)      { h.held[i], h.held[j] = h.held[j], h.held[i] }
func (h *groupHeap) Push(x any)         { h.held = append(h.held, x.(sortedGroup)) }
func (h *groupHeap) Pop() any           { panic("exec: groups are never popped") }
