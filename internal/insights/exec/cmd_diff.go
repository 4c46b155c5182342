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
	columns, fill := syntax.DiffColumns, fillDifference
	_, anomalies := cmd.(*syntax.Anomaly)
	if anomalies {
		columns, fill = syntax.AnomalyColumns, fillAnomaly
	}
	run := c.earlier(cmd, append(before[:len(before):len(before)], shown(cmd, anomalies)))
	pattern, count, tokens := c.names[columnPattern], c.names[columnCount], c.names[columnTokens]
	if anomalies {
		c.slot(tokens) // read here
	}
	slots := c.defineAll(columns)
	e := c.era
	c.list(func(ctx context.Context, _ *budget, rows []*row) ([]*row, error) {
		res, err := run(ctx)
		if err != nil {
			return nil, err
		}
		old := earlierPatterns(res)
		for _, r := range rows {
			was := old.take(r.slots[pattern].s)
			fill(r, slots, &compared{was.count, r.slots[count].n, was.tokens, readTokens(r.slots[tokens].s)})
		}
		if anomalies {
			return rows, nil
		}
		for _, gone := range old.left() {
			r := &row{slots: make([]value, e.slots), weight: 1}
			r.slots[pattern], r.slots[count] = text(gone.pattern), number(0)
			fill(r, slots, &compared{old: gone.count})
			rows = append(rows, r)
		}
		return rows, nil
	})
}

// The columns of pattern that diff and anomaly go by.
const (
	columnPattern = "@pattern"
	columnCount   = "@sampleCount"
	columnTokens  = "@tokens"
)

// shown is what is to be known of the earlier patterns.
func shown(cmd syntax.Command, tokens bool) *syntax.Display {
	names := []string{columnPattern, columnCount}
	if tokens {
		names = append(names, columnTokens)
	}
	d := &syntax.Display{Span: cmd.At()}
	for _, name := range names {
		d.Items = append(d.Items, syntax.Item{Span: cmd.At(), X: &syntax.Field{Span: cmd.At(), Steps: pathOf(name)}})
	}
	return d
}

// earlierPattern is a pattern of the time to compare with.
type earlierPattern struct {
	pattern string
	count   float64
	tokens  []patternToken
}

// earlier are the patterns of that time, in their order; found is where each is.
type earlier struct {
	list  []earlierPattern
	found map[string]int
}

func earlierPatterns(res *Result) *earlier {
	e := &earlier{found: map[string]int{}}
	for _, fields := range res.Rows {
		var p earlierPattern
		p.pattern, _ = fieldOf(fields, columnPattern)
		n, _ := fieldOf(fields, columnCount)
		p.count, _ = strconv.ParseFloat(n, 64)
		tokens, _ := fieldOf(fields, columnTokens)
		p.tokens = readTokens(tokens)
		e.found[p.pattern] = len(e.list)
		e.list = append(e.list, p)
	}
	return e
}

// take returns a pattern's count and tokens and takes it off; zero when there is none.
func (e *earlier) take(pattern string) earlierPattern {
	i, ok := e.found[pattern]
	if !ok {
		return earlierPattern{}
	}
	delete(e.found, pattern)
	return e.list[i]
}

// left are those that were not taken.
func (e *earlier) left() []earlierPattern {
	var out []earlierPattern
	for _, p := range e.list {
		if _, ok := e.found[p.pattern]; ok {
			out = append(out, p)
		}
	}
	return out
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

// fillDifference fills @differenceCount and @differenceDescription.
func fillDifference(r *row, slots []int, c *compared) {
	r.slots[slots[0]] = number(c.now - c.old)
	r.slots[slots[1]] = text(describe(c.old, c.now))
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
