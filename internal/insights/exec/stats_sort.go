package exec

import (
	"cmp"
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

// sortedGroup is a group and its values of the keys of the sort.
type sortedGroup struct {
	*group
	keys []value
	// begins orders most groups without a look at them.
	begins uint64
}

// sortedRows gives the rows of the first limit groups, or of all, by the keys of
// order and, where they tie, in the order that they have without.
func (s *statsGather) sortedRows() []*row {
	p := s.plan
	first := firsts[sortedGroup]{limit: p.limit, compare: p.compare}
	results := &row{slots: make([]value, len(p.aggs))}
	probe := &row{weight: 1, slots: make([]value, p.era.slots)}
	keys := make([]value, len(p.order))
	for _, g := range s.groups {
		p.fill(probe, g, results)
		for i, k := range p.order {
			keys[i] = sortValue(k.of(probe))
		}
		x := sortedGroup{group: g, keys: keys}
		if len(g.keys) > 0 {
			x.begins = beginning(g.keys[0])
		}
		if first.wants(x) {
			x.keys = slices.Clone(keys)
			first.add(x)
		}
	}
	groups := first.sorted()
	out := make([]*row, len(groups))
	for i, x := range groups {
		out[i] = p.row(x.group, results)
	}
	return out
}

func (p *statsPlan) compare(a, b sortedGroup) int {
	if c := compareKeys(p.order, a.keys, b.keys); c != 0 {
		return c
	}
	if a.begins != b.begins {
		return cmp.Compare(a.begins, b.begins)
	}
	return compareGroups(a.group, b.group)
}
