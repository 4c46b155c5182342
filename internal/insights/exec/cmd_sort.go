package exec

import (
	"context"
	"slices"

	"waybill/internal/insights/syntax"
)

// sortCommand sorts; with a limit further on it keeps no more rows than that, with
// a dedup next no more than one of each. It returns how many commands of next it did.
func (c *compiler) sortCommand(s *syntax.Sort, next []syntax.Command) int {
	keys := c.sortKeys(s)
	if len(next) > 0 {
		if d, ok := next[0].(*syntax.Dedup); ok && c.prog.gather == nil {
			c.dedup(keys, d)
			return 1
		}
	}
	c.sort(keys, c.limitAhead(next), "sort")
	return 0
}

func (c *compiler) sortKeys(s *syntax.Sort) []sortKey {
	keys := make([]sortKey, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = sortKey{c.sortKey(k.X), k.Desc}
	}
	return keys
}

// sortKey compiles a key. @timestamp after a stats by bin(), as AWS's samples have it,
// is the bin; after other commands that leave no time it is missing in every row.
func (c *compiler) sortKey(x syntax.Expr) eval {
	f, ok := x.(*syntax.Field)
	if _, made := c.names[FieldTimestamp]; !ok || f.Name() != FieldTimestamp || !c.closed || made {
		return c.expr(x)
	}
	if c.bins != nil {
		return c.slot(c.bins.slot)
	}
	return constant(null)
}

// limitAhead returns the limit that the rows of a sort will come to, 0 for none:
// no command between drops, adds or joins rows.
func (c *compiler) limitAhead(next []syntax.Command) int {
	for _, cmd := range next {
		switch cmd := cmd.(type) {
		case *syntax.Fields, *syntax.Display, *syntax.Unmask, *syntax.JSON, *syntax.Autoregress, *syntax.Accum, *syntax.FillDown:
		case *syntax.ParseCommand:
			if cmd.Multi {
				return 0
			}
		case *syntax.Limit:
			if cmd.Tail {
				return 0
			}
			return cmd.N
		default:
			return 0
		}
	}
	return 0
}

// sort adds a sort by keys and, where they tie, newest first; limit 0 keeps all
// rows. A sort of rows that are in an order already is stable.
func (c *compiler) sort(keys []sortKey, limit int, name string) {
	if c.prog.gather == nil {
		if !c.closed {
			c.need(FieldTimestamp)
		}
		p, e := c.prog, c.era
		c.prog.gather = func(b *budget) gather {
			return &sorter{prog: p, budget: b, era: e, keys: keys, limit: limit, name: name}
		}
		c.keepRows()
		return
	}
	c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
		return sortRows(rows, keys, limit), nil
	})
}

func sortRows(rows []*row, keys []sortKey, limit int) []*row {
	all := make([]sorted, len(rows))
	values := make([]value, len(rows)*len(keys))
	for i, r := range rows {
		k := values[i*len(keys) : (i+1)*len(keys)]
		for j := range keys {
			k[j] = sortValue(keys[j].of(r))
		}
		all[i] = sorted{r, k}
	}
	slices.SortStableFunc(all, func(a, b sorted) int { return compareKeys(keys, a.keys, b.keys) })
	out := make([]*row, 0, len(all))
	for i, s := range all {
		if limit > 0 && i == limit {
			break
		}
		out = append(out, s.row)
	}
	return out
}
