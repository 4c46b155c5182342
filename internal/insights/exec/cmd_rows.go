package exec

import (
	"cmp"
	"context"
	"math"
	"path"
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// eachInOrder adds a step that goes through the rows in their order.
func (c *compiler) eachInOrder(step func(rows []*row)) {
	c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
		step(rows)
		return rows, nil
	})
}

// shown returns the columns that the answer has at this command.
func (c *compiler) shown() []string {
	if c.columns != nil {
		return c.columns
	}
	return append([]string{FieldTimestamp, FieldMessage}, c.made...)
}

// ordered brings the rows into the default order if they have none yet; where
// only that many first rows can come into the answer it keeps no more.
func (c *compiler) ordered(limit int) {
	if c.prog.gather == nil {
		c.sort(nil, limit, "sort")
	}
}

// addTotals adds a column with the sum of a row's numbers, and a row with the sums
// of the columns.
func (c *compiler) addTotals(a *syntax.AddTotals) {
	c.ordered(0)
	var names []string
	for _, f := range a.Fields {
		names = append(names, f.Name())
	}
	if names == nil {
		names = c.shown()
	}
	var of []eval
	for _, name := range names {
		of = append(of, c.field(&syntax.Field{Span: a.Span, Steps: pathOf(name)}))
	}
	if a.Row {
		slot := c.define(a.Name)
		c.showMade(a.Name)
		c.eachInOrder(func(rows []*row) {
			for _, r := range rows {
				r.slots[slot] = rowTotal(r, of)
			}
		})
		names, of = append(names[:len(names):len(names)], a.Name), append(of, func(r *row) value { return r.slots[slot] })
	}
	if a.Col {
		c.columnTotals(names, of)
	}
}

func rowTotal(r *row, of []eval) value {
	total := null
	for _, f := range of {
		if n, ok := f(r).num(); ok && f(r).kind != kindTime {
			total = number(total.n + n)
		}
	}
	return total
}

// columnTotals adds a last row. Its other columns are missing.
func (c *compiler) columnTotals(names []string, of []eval) {
	slots := make([]int, len(names))
	for i, name := range names {
		slots[i] = c.define(name)
	}
	e := c.era
	c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
		last := &row{slots: make([]value, e.slots), weight: 1, blank: true}
		for _, r := range rows {
			for i, slot := range slots {
				r.slots[slot] = of[i](r)
				if n, ok := r.slots[slot].num(); ok && r.slots[slot].kind != kindTime {
					last.slots[slot] = number(last.slots[slot].n + n)
				}
			}
		}
		return append(rows, last), nil
	})
}

// autoregress copies values of the rows before.
func (c *compiler) autoregress(a *syntax.Autoregress, next []syntax.Command) {
	c.ordered(c.limitAhead(next))
	of := c.field(a.Field)
	slots := c.defineAll(a.Defines())
	c.eachInOrder(func(rows []*row) {
		for i, r := range rows {
			for j, slot := range slots {
				r.slots[slot] = null
				if before := i - a.From - j; before >= 0 {
					r.slots[slot] = of(rows[before])
				}
			}
		}
	})
}

// accum adds a running sum.
func (c *compiler) accum(a *syntax.Accum, next []syntax.Command) {
	c.ordered(c.limitAhead(next))
	of := c.field(a.Field)
	slot := c.define(a.As)
	c.showMade(a.As)
	c.eachInOrder(func(rows []*row) {
		total := 0.0
		for _, r := range rows {
			r.slots[slot] = null
			if n, ok := of(r).num(); ok {
				total += n
				r.slots[slot] = finite(total)
			}
		}
	})
}

// fillDown fills missing values with those of the row before.
func (c *compiler) fillDown(f *syntax.FillDown, next []syntax.Command) {
	c.ordered(c.limitAhead(next))
	for _, name := range c.shown() {
		if !filled(f.Names, name) {
			continue
		}
		of := c.field(&syntax.Field{Span: f.Span, Steps: pathOf(name)})
		slot := c.define(name)
		c.eachInOrder(func(rows []*row) {
			last := null
			for _, r := range rows {
				if v := of(r); v.kind != kindNull {
					last = v
				}
				r.slots[slot] = last
			}
		})
	}
}

func filled(patterns []string, name string) bool {
	if len(patterns) == 0 {
		return !strings.HasPrefix(name, "@")
	}
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(strings.NewReplacer(`\`, `\\`, "[", `\[`, "?", `\?`).Replace(p), name)
		return ok
	})
}

// sessionize numbers the sessions of the same fields, oldest first.
func (c *compiler) sessionize(s *syntax.Sessionize) {
	c.ordered(0)
	var keys []eval
	for _, f := range s.Fields {
		keys = append(keys, c.field(f))
	}
	at := c.field(&syntax.Field{Span: s.Span, Steps: pathOf(FieldTimestamp)})
	gap := c.fixed(s.Gap)
	slot := c.define(s.As)
	c.showMade(s.As)
	c.eachInOrder(func(rows []*row) {
		type session struct{ id, last float64 }
		sessions := map[string]*session{}
		n := 0.0
		for _, r := range oldestFirst(rows, at) {
			t, ok := at(r).millis()
			key, _ := rowKey(nil, keys, r)
			x := sessions[string(key)]
			if x == nil || ok && t-x.last > gap {
				n++
				x = &session{id: n}
				sessions[string(key)] = x
			}
			x.last = t
			r.slots[slot] = number(x.id)
		}
	})
}

func oldestFirst(rows []*row, at eval) []*row {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b *row) int {
		return cmp.Or(compare(sortValue(at(a)), sortValue(at(b))), cmp.Compare(a.seq, b.seq))
	})
	return out
}

// outlier treats numbers that lie more than param times the middle half's width
// beyond it.
func (c *compiler) outlier(o *syntax.Outlier) {
	c.ordered(0)
	var marks []int
	if o.Mark {
		marks = c.defineAll(o.Defines())
	}
	for i, f := range o.Fields {
		of := c.field(f)
		slot := c.define(f.Name())
		c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
			low, high := fence(rows, of, o)
			out := rows[:0:0]
			for _, r := range rows {
				v := of(r)
				n, ok := v.num()
				outside := ok && (n > high || n < low)
				if outside && !o.Remove {
					v = number(math.Max(low, math.Min(high, n)))
				}
				r.slots[slot] = v
				if o.Mark {
					r.slots[marks[i]] = boolean(outside)
				}
				if !outside || !o.Remove {
					out = append(out, r)
				}
			}
			return out, nil
		})
	}
}

// fence returns the numbers beyond which there are outliers.
func fence(rows []*row, of eval, o *syntax.Outlier) (low, high float64) {
	s := &sample{}
	for _, r := range rows {
		if n, ok := of(r).num(); ok {
			s.add(n, 1)
		}
	}
	low, high = math.Inf(-1), math.Inf(1)
	if len(s.counts) == 0 {
		return low, high
	}
	q1, q3 := s.percentile(25), s.percentile(75)
	width := (q3 - q1) * o.Param.Value
	if o.Lower {
		low = q1 - width
	}
	return low, q3 + width
}
