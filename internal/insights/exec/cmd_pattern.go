package exec

import (
	"maps"
	"slices"

	"waybill/internal/insights/syntax"
)

// pattern clusters texts by their shape.
func (c *compiler) pattern(p *syntax.Pattern) {
	of := c.expr(p.X)
	c.startPattern(of)
}

func (c *compiler) startPattern(of eval) {
	c.patternEnd = len(c.done) + 1
	timed := !c.closed
	if timed {
		c.need(FieldTimestamp)
	}
	times := newWindows(c.env.Start, c.env.End)
	makeGather := func(e **era, slots *[]int) func(b *budget) gather {
		return func(b *budget) gather {
			return &patterns{of: of, budget: b, era: e, slots: slots, shapes: map[string]*shapeCount{}, timed: timed, times: times}
		}
	}
	e, slots := new(*era), new([]int)
	c.collect(makeGather(e, slots))
	*slots = c.startEra(syntax.PatternColumns...)
	*e = c.era
}

// patterns counts shapes. Shapes that differ in few words are one pattern; that is
// decided once all rows have come, so that their order does not matter.
type patterns struct {
	of     eval
	budget *budget
	era    **era
	slots  *[]int
	shapes map[string]*shapeCount
	total  int64
	key    []byte
	values []string
	// timed is true when rows have times, which are counted by window.
	timed bool
	times windows
	// held is about what the details take.
	held int64
}

type shapeCount struct {
	shape shape
	n     int64
	// varying are the places of varying tokens in shape.
	varying []int
	details patternDetails
}

// maxShapes bounds the shapes held; later new ones count together.
const maxShapes = 50_000

// otherShape is the pattern of what came after maxShapes.
const otherShape = tokenOther

func (p *patterns) push(r *row) error {
	s, ok := p.of(r).str()
	if !ok {
		return nil
	}
	p.total += r.weight
	p.key, p.values = appendShape(p.key[:0], p.values[:0], s)
	x, ok := p.shapes[string(p.key)]
	if !ok {
		var err error
		if x, err = p.add(string(p.key)); err != nil {
			return err
		}
	}
	x.n += r.weight
	return p.note(x, r, s)
}

// The places of the columns that are made of details.
const (
	placeTokens = iota + 6
	placeSamples
	placeWindows
)

// note takes the details of a row of a shape in, as far as they are read.
func (p *patterns) note(x *shapeCount, r *row, s string) error {
	room := p.room()
	grown := int64(0)
	if p.reads(placeSamples) {
		for range min(r.weight, maxSamples) {
			grown += x.details.sample(patternSample{r.time, r.seq, s}, room)
		}
	}
	if p.timed && p.reads(placeWindows) {
		x.details.window(p.times.of(r.time), r.weight)
	}
	if len(x.varying) == len(p.values) && p.reads(placeTokens) {
		for k, i := range x.varying {
			if x.shape[i] != tokenTime {
				grown += x.details.token(i).add(p.values[k], r.weight, room)
			}
		}
	}
	return p.hold(grown)
}

// reads reports whether a later command, or the answer, reads the i-th column.
func (p *patterns) reads(i int) bool { return (*p.era).read[(*p.slots)[i]] }

// room reports whether details may grow: they take no more than a sixteenth of what a
// query may hold.
func (p *patterns) room() bool { return p.held < p.budget.limits.Memory/16 }

func (p *patterns) hold(n int64) error {
	p.held += n
	if n == 0 {
		return nil
	}
	return p.budget.hold("pattern", n)
}

// add returns the count of a shape that may be new.
func (p *patterns) add(key string) (*shapeCount, error) {
	if _, ok := p.shapes[key]; !ok && len(p.shapes) >= maxShapes {
		key = otherShape
	}
	if x, ok := p.shapes[key]; ok {
		return x, nil
	}
	x := &shapeCount{shape: shapeOf(key)}
	for i, t := range x.shape {
		if isKind(t) {
			x.varying = append(x.varying, i)
		}
	}
	p.shapes[key] = x
	return x, p.budget.hold("pattern", int64(len(key))+int64(len(x.shape))*16+8*maxWindows+160)
}

func (p *patterns) merge(o gather) error {
	other := o.(*patterns)
	p.total += other.total
	for _, key := range slices.Sorted(maps.Keys(other.shapes)) {
		from := other.shapes[key]
		x, err := p.add(key)
		if err != nil {
			return err
		}
		x.n += from.n
		if err := p.hold(x.details.merge(&from.details, p.room())); err != nil {
			return err
		}
	}
	return nil
}

func (p *patterns) rows() ([]*row, error) {
	var out []*row
	for i, x := range cluster(p.shapes) {
		r := &row{slots: make([]value, (*p.era).slots), weight: 1}
		set := func(i int, v value) { r.slots[(*p.slots)[i]] = v }
		pattern := x.shape.String()
		set(0, text(pattern))
		set(1, number(float64(x.n)/float64(p.total)))
		set(2, number(float64(x.n)))
		set(3, text(x.shape.severity()))
		set(4, text(patternID(pattern)))
		if i < detailed {
			p.detail(x, set)
		}
		out = append(out, r)
	}
	return out, nil
}

// detail sets those of the columns after @PatternId that are read.
func (p *patterns) detail(x *shapeCount, set func(i int, v value)) {
	columns := []func() string{x.shape.regexString, x.tokensJSON, x.details.samplesJSON,
		func() string { return x.details.visualizationJSON(p.times) }}
	for i, of := range columns {
		if i += placeTokens - 1; p.reads(i) { // @regexString comes first
			set(i, text(of()))
		}
	}
}
