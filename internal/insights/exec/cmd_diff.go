package exec

import (
	"context"
	"math"
	"strconv"
	"time"

	"waybill/internal/insights/syntax"
)

// against compiles diff, logcompare and anomaly: the patterns of the query so far
// beside those of an earlier time of the same length. Without a pattern command
// before it is as if pattern @message stood there.
func (c *compiler) against(cmd syntax.Command) {
	before := c.done
	if c.patternEnd == 0 {
		message := &syntax.Field{Span: cmd.At(), Steps: pathOf(FieldMessage)}
		before = append(before[:len(before):len(before)], &syntax.Pattern{Span: cmd.At(), X: message})
		c.startPattern(c.field(message))
	} else {
		before = before[:c.patternEnd]
	}
	run := c.earlier(cmd, before)
	pattern, count := c.names[syntax.PatternColumns[0]], c.names[syntax.PatternColumns[2]]
	columns, fill := syntax.DiffColumns, difference
	if _, ok := cmd.(*syntax.Anomaly); ok {
		columns, fill = syntax.AnomalyColumns, anomaly
	}
	slots := c.defineAll(columns)
	e := c.era
	c.list(func(ctx context.Context, _ *budget, rows []*row) ([]*row, error) {
		res, err := run(ctx)
		if err != nil {
			return nil, err
		}
		old := map[string]float64{}
		var order []string
		for _, fields := range res.Rows {
			p, _ := fieldOf(fields, syntax.PatternColumns[0])
			n, _ := fieldOf(fields, syntax.PatternColumns[2])
			old[p], _ = strconv.ParseFloat(n, 64)
			order = append(order, p)
		}
		for _, r := range rows {
			p := r.slots[pattern].s
			fill(r, slots, old[p], r.slots[count].n)
			delete(old, p)
		}
		for _, p := range order {
			if _, gone := old[p]; gone && fillGone(cmd) {
				r := &row{slots: make([]value, e.slots), weight: 1}
				r.slots[pattern], r.slots[count] = text(p), number(0)
				fill(r, slots, old[p], 0)
				rows = append(rows, r)
			}
		}
		return rows, nil
	})
}

// fillGone reports whether patterns that are no more get rows.
func fillGone(cmd syntax.Command) bool {
	_, anomalies := cmd.(*syntax.Anomaly)
	return !anomalies
}

// earlier returns what runs the commands over the time to compare with.
func (c *compiler) earlier(cmd syntax.Command, commands []syntax.Command) func(ctx context.Context) (*Result, error) {
	if c.env.Query == nil {
		c.fail(cmd.At(), "comparing with an earlier time is not supported here")
	}
	start, end := c.env.Start, c.env.End
	shift := start - end - 1
	switch cmd := cmd.(type) {
	case *syntax.Diff:
		shift = -int64(diffShift(cmd.To, start, end))
	case *syntax.LogCompare:
		shift = -int64(c.fixed(cmd.Shift))
	}
	q := &syntax.Query{Span: c.query.Span, Text: c.query.Text, Sources: c.query.Sources, Commands: commands}
	return func(ctx context.Context) (*Result, error) {
		return c.env.Query(ctx, Sub{Query: q, Start: start + shift, End: end + shift, Shift: shift, MaxRows: maxShapes})
	}
}

// diffShift is how far back, in milliseconds.
func diffShift(to syntax.DiffTo, start, end int64) float64 {
	const day = 24 * 3600 * 1000
	switch to {
	case syntax.DiffDay:
		return day
	case syntax.DiffWeek:
		return 7 * day
	case syntax.DiffMonth:
		t := time.UnixMilli(start).UTC()
		return float64(start - t.AddDate(0, -1, 0).UnixMilli())
	}
	return float64(end - start + 1)
}

// difference fills @differenceCount and @differenceDescription.
func difference(r *row, slots []int, old, now float64) {
	r.slots[slots[0]] = number(now - old)
	r.slots[slots[1]] = text(describe(old, now))
}

func describe(old, now float64) string {
	switch {
	case old == 0:
		return "new"
	case now == 0:
		return "no longer there"
	case now == old:
		return "unchanged"
	}
	percent := strconv.Itoa(int(math.Round(math.Abs(now-old) / old * 100)))
	if now > old {
		return "increased by " + percent + "%"
	}
	return "decreased by " + percent + "%"
}

// anomaly fills @anomaly and @anomalyDescription for a pattern that is new, or whose
// count is further from that of the time before than chance would have it: three
// standard deviations of a Poisson count, and at least half or double.
func anomaly(r *row, slots []int, old, now float64) {
	kind := ""
	switch {
	case old == 0:
		kind = "New Pattern"
	case math.Abs(now-old) > 3*math.Sqrt(old) && (now >= 2*old || now <= old/2):
		kind = "Pattern Frequency"
	default:
		return
	}
	r.slots[slots[0]] = text(kind)
	r.slots[slots[1]] = text(describe(old, now))
}
