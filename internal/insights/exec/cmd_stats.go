package exec

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"waybill/internal/insights/syntax"
)

// statsPlan is a compiled stats command.
type statsPlan struct {
	keys []eval
	// single is the one key when it is a plain field of the log.
	single func(r *row) string
	aggs   []compiledAggregate
	// out are the slots of the columns: keys, then items; items are computed by outs
	// from a row whose slots are the aggregates' results.
	keySlots, itemSlots []int
	outs                []eval
	era                 *era
	offset              float64
	// order and limit are of a sort that follows at once.
	order []sortKey
	limit int
	// earlier are the unnamed items of the stats before this one.
	earlier map[string]int
}

type compiledAggregate struct {
	*aggregate
	call *syntax.Call
	add  func(x *cell, r *row)
	// grows is true when a cell may hold more than itself.
	grows bool
}

// stats compiles a stats command, together with a sort that is next, and returns
// how many of next that was.
func (c *compiler) stats(s *syntax.Stats, next []syntax.Command) int {
	if len(next) > 0 {
		if order, ok := next[0].(*syntax.Sort); ok {
			c.sortedStats(s, order, next[1:])
			return 1
		}
	}
	c.collect(c.statsPlan(s).gather)
	return 0
}

// statsPlan compiles a stats command and begins the era after it.
func (c *compiler) statsPlan(s *syntax.Stats) *statsPlan {
	p := &statsPlan{}
	for i := range s.By {
		p.keys = append(p.keys, c.expr(s.By[i].X))
	}
	if len(s.By) == 1 {
		p.single = c.rawField(s.By[0].X)
	}
	if s.Offset != nil {
		p.offset = c.fixed(s.Offset)
	}
	byText := map[string]int{}
	c.aggregates = func(call *syntax.Call) eval { return c.aggregate(p, byText, call) }
	c.results = map[string]eval{}
	p.earlier, c.items = c.items, nil
	for i := range s.Items {
		c.checkAggregated(s.Items[i].X)
		out := c.expr(s.Items[i].X)
		p.outs = append(p.outs, out)
		c.results[s.Items[i].Column()] = out
	}
	c.aggregates, c.results = nil, nil
	c.checkColumns(s)
	slots := c.startEra(s.Columns()...)
	p.era = c.era
	p.keySlots, p.itemSlots = slots[:len(s.By)], slots[len(s.By):]
	c.noteBins(s, p.keySlots)
	for i := range s.By {
		c.items[canonical(s.By[i].X)] = p.keySlots[i]
	}
	for i := range s.Items {
		c.items[canonical(s.Items[i].X)] = p.itemSlots[i]
	}
	return p
}

func (p *statsPlan) gather(b *budget) gather {
	return &statsGather{plan: p, budget: b, groups: map[string]*group{}}
}

// fixed returns a period in milliseconds; months have no fixed length.
func (c *compiler) fixed(p *syntax.Period) float64 {
	d, ok := p.Fixed()
	if !ok {
		c.fail(p.Span, "a period of months, quarters or years has no fixed length")
	}
	return float64(d / time.Millisecond)
}

func (c *compiler) checkColumns(s *syntax.Stats) {
	seen := map[string]bool{}
	for _, name := range s.Columns() {
		if seen[name] {
			c.fail(s.Span, "the column "+name+" stands twice in stats")
		}
		seen[name] = true
	}
}

// aggregate compiles a call of an aggregate; the same call twice is computed once.
func (c *compiler) aggregate(p *statsPlan, byText map[string]int, call *syntax.Call) eval {
	i, ok := byText[canonical(call)]
	if !ok {
		f := aggregates[call.FuncName()]
		c.checkArgs(call, f.min, f.max)
		if f.needsTime && c.closed {
			c.fail(call.Span, "Unknown symbols found in or after stats: @timestamp, which "+call.Name+" goes by")
		}
		if f == topK && (len(p.keys) > 0 || len(p.aggs) > 0) {
			c.fail(call.Span, call.Name+" cannot be combined with by or with other aggregation functions")
		}
		if f.needsTime {
			c.need(FieldTimestamp)
		}
		saved, results := c.aggregates, c.results
		c.results, c.items = nil, p.earlier
		c.aggregates = func(inner *syntax.Call) eval {
			c.fail(inner.Span, inner.Name+" cannot stand inside "+call.Name)
			return nil
		}
		add := f.build(c, call)
		c.aggregates, c.results, c.items = saved, results, nil
		i = len(p.aggs)
		byText[canonical(call)] = i
		_, exact := map[*aggregate]bool{percentile: true, median: true, histogram: true, distinct: true, collect: true, topK: true}[f]
		p.aggs = append(p.aggs, compiledAggregate{f, call, add, exact})
	}
	return func(r *row) value { return r.slots[i] }
}

// checkAggregated refuses a field outside any aggregate.
func (c *compiler) checkAggregated(x syntax.Expr) {
	found := false
	syntax.Walk(x, func(x syntax.Expr) bool {
		switch x := x.(type) {
		case *syntax.Call:
			if _, ok := aggregates[x.FuncName()]; ok {
				found = true
				return false
			}
			if _, ok := c.function(x.FuncName()); !ok {
				c.fail(x.Span, "unknown function "+x.Name)
			}
		case *syntax.Field:
			if c.results[x.Name()] != nil {
				found = true
				break
			}
			c.fail(x.Span, "stats takes aggregation functions; "+x.Name()+" is a field: put it after by, or use an aggregation function")
		}
		return true
	})
	if !found {
		c.fail(x.At(), "stats takes aggregation functions")
	}
}

// group is one group of a stats: its keys and a cell for each aggregate.
type group struct {
	key   string
	keys  []value
	cells []cell
}

// statsGather is the state of one worker.
type statsGather struct {
	plan   *statsPlan
	budget *budget
	groups map[string]*group
	key    []byte
	probe  []value
	// last is the group of the last row: rows often come group by group.
	last    *group
	lastKey string
}

func (s *statsGather) push(r *row) error {
	g, err := s.find(r)
	if err != nil {
		return err
	}
	for i := range s.plan.aggs {
		a := &s.plan.aggs[i]
		x := &g.cells[i]
		if !a.grows {
			a.add(x, r)
			continue
		}
		before := stateSize(x)
		a.add(x, r)
		if d := stateSize(x) - before; d != 0 {
			if err := s.budget.hold("stats", d); err != nil {
				return err
			}
		}
	}
	return nil
}

func stateSize(x *cell) int64 {
	if x.more == nil {
		return 0
	}
	return x.more.size()
}

// find returns the group of r.
func (s *statsGather) find(r *row) (*group, error) {
	if s.plan.single != nil {
		name := s.plan.single(r)
		if g, ok := s.groups[name]; ok {
			return g, nil
		}
		return s.add(name, []value{source(name)})
	}
	s.key, s.probe = s.key[:0], s.probe[:0]
	for _, k := range s.plan.keys {
		v := k(r)
		s.probe = append(s.probe, v)
		s.key = appendKey(s.key, v)
	}
	if s.last != nil && string(s.key) == s.lastKey {
		return s.last, nil
	}
	g, ok := s.groups[string(s.key)]
	if !ok {
		var err error
		if g, err = s.add(string(s.key), s.probe); err != nil {
			return nil, err
		}
	}
	s.last, s.lastKey = g, g.key
	return g, nil
}

// appendKey appends what tells v from other values: whether there is one, and its
// text; a number goes by the text that it would be.
func appendKey(b []byte, v value) []byte {
	switch v.kind {
	case kindNull:
		return append(b, 0)
	case kindText:
		b = binary.AppendUvarint(append(b, 1), uint64(len(v.s)))
		return append(b, v.s...)
	case kindTime:
		return binary.BigEndian.AppendUint64(append(b, 2), uint64(int64(v.n)))
	}
	var d []byte
	var buf [32]byte
	switch {
	case v.kind != kindNumber:
		d = append(buf[:0], v.display()...)
	case v.n == float64(int64(v.n)):
		d = strconv.AppendInt(buf[:0], int64(v.n), 10)
	default:
		d = strconv.AppendFloat(buf[:0], v.n, 'g', -1, 64)
	}
	b = binary.AppendUvarint(append(b, 1), uint64(len(d)))
	return append(b, d...)
}

func (s *statsGather) add(key string, keys []value) (*group, error) {
	limits := s.budget.limits
	if len(s.groups) >= limits.Groups {
		return nil, &LimitError{Command: "stats", What: "there are more than " + strconv.Itoa(limits.Groups) + " groups"}
	}
	key = strings.Clone(key)
	g := &group{key: key, keys: make([]value, len(keys)), cells: make([]cell, len(s.plan.aggs))}
	size := int64(len(key)) + 200 + int64(len(g.cells))*184
	for i, v := range keys {
		g.keys[i] = v.keep()
		size += perSlot + v.size()
	}
	s.groups[key] = g
	return g, s.budget.hold("stats", size)
}

func (s *statsGather) merge(o gather) error {
	for key, from := range o.(*statsGather).groups {
		g, ok := s.groups[key]
		if !ok {
			var err error
			if g, err = s.add(key, from.keys); err != nil {
				return err
			}
		}
		for i := range g.cells {
			before := stateSize(&g.cells[i])
			s.plan.aggs[i].merge(&g.cells[i], &from.cells[i])
			if err := s.budget.hold("stats", stateSize(&g.cells[i])-before); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows gives a row for each group, ordered by the keys: times newest first, the
// rest as sort does.
func (s *statsGather) rows() ([]*row, error) {
	for _, g := range s.groups {
		for i := range g.keys {
			g.keys[i] = sortValue(g.keys[i])
		}
	}
	if len(s.plan.order) > 0 {
		return s.sortedRows(), nil
	}
	groups := slices.Collect(maps.Values(s.groups))
	slices.SortFunc(groups, compareGroups)
	out := make([]*row, len(groups))
	results := &row{slots: make([]value, len(s.plan.aggs))}
	for i, g := range groups {
		out[i] = s.plan.row(g, results)
	}
	return out, nil
}

func compareGroups(a, b *group) int {
	for i := range a.keys {
		c := compare(a.keys[i], b.keys[i])
		if a.keys[i].kind == kindTime {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (p *statsPlan) row(g *group, results *row) *row {
	out := &row{weight: 1, slots: make([]value, p.era.slots)}
	p.fill(out, g, results)
	return out
}

// fill fills the slots of out with the columns of g's row.
func (p *statsPlan) fill(out *row, g *group, results *row) {
	for i := range p.aggs {
		results.slots[i] = p.aggs[i].result(&g.cells[i], p.aggs[i].call)
	}
	for i, slot := range p.keySlots {
		v := written(g.keys[i])
		if v.kind == kindTime {
			v.n += p.offset
		}
		out.slots[slot] = v
	}
	for i, slot := range p.itemSlots {
		out.slots[slot] = p.outs[i](results)
	}
}
