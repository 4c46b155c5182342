package exec

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// pattern clusters texts by their shape.
func (c *compiler) pattern(p *syntax.Pattern) {
	of := c.expr(p.X)
	c.startPattern(of)
}

func (c *compiler) startPattern(of eval) {
	c.patternEnd = len(c.done) + 1
	makeGather := func(e **era, slots *[]int) func(b *budget) gather {
		return func(b *budget) gather {
			return &patterns{of: of, budget: b, era: e, slots: slots, shapes: map[string]*shapeCount{}}
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
}

type shapeCount struct {
	shape shape
	n     int64
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
	p.key = appendShape(p.key[:0], s)
	if x, ok := p.shapes[string(p.key)]; ok {
		x.n += r.weight
		return nil
	}
	return p.add(string(p.key), r.weight)
}

// add counts a shape that may be new.
func (p *patterns) add(key string, n int64) error {
	if _, ok := p.shapes[key]; !ok && len(p.shapes) >= maxShapes {
		key = otherShape
	}
	if x, ok := p.shapes[key]; ok {
		x.n += n
		return nil
	}
	s := shapeOf(key)
	p.shapes[key] = &shapeCount{s, n}
	return p.budget.hold("pattern", int64(len(key))+int64(len(s))*16+64)
}

func (p *patterns) merge(o gather) error {
	other := o.(*patterns)
	p.total += other.total
	for _, key := range slices.Sorted(maps.Keys(other.shapes)) {
		if err := p.add(key, other.shapes[key].n); err != nil {
			return err
		}
	}
	return nil
}

func (p *patterns) rows() ([]*row, error) {
	var out []*row
	for _, x := range cluster(p.shapes) {
		r := &row{slots: make([]value, (*p.era).slots), weight: 1}
		set := func(i int, v value) { r.slots[(*p.slots)[i]] = v }
		set(0, text(x.shape.String()))
		set(1, number(float64(x.n)/float64(p.total)))
		set(2, number(float64(x.n)))
		set(3, text(x.shape.severity()))
		out = append(out, r)
	}
	return out, nil
}

// similar is the share of equal words that makes two shapes one pattern.
const similar = 0.7

// cluster joins shapes of the same build that differ in few words, commonest first.
func cluster(shapes map[string]*shapeCount) []*shapeCount {
	all := make([]*shapeCount, 0, len(shapes))
	for _, x := range shapes {
		all = append(all, &shapeCount{slices.Clone(x.shape), x.n})
	}
	byCount := func(a, b *shapeCount) int {
		return cmp.Or(cmp.Compare(b.n, a.n), slices.Compare(a.shape, b.shape))
	}
	slices.SortFunc(all, byCount)
	builds := map[string][]*shapeCount{}
	var out []*shapeCount
next:
	for _, x := range all {
		build := x.shape.build()
		for i, y := range builds[build] {
			if i == 100 {
				break // of one build the hundred commonest are tried
			}
			if y.shape.alike(x.shape) {
				y.shape.join(x.shape)
				y.n += x.n
				continue next
			}
		}
		builds[build] = append(builds[build], x)
		out = append(out, x)
	}
	slices.SortFunc(out, byCount)
	return out
}

// build is what shapes must have in common to be compared: how many tokens there
// are, and those that are no words.
func (s shape) build() string {
	var b strings.Builder
	for _, t := range s {
		if isWordToken(t) {
			b.WriteByte('w')
			if strings.HasPrefix(t, `"`) {
				b.WriteByte('q')
			}
		} else {
			b.WriteString(t)
		}
		b.WriteByte(0)
	}
	return b.String()
}

func isWordToken(t string) bool {
	return t != "" && (isTokenByte(t[0]) || isKind(t) || t[0] == '"' && len(t) > 1)
}

func (s shape) alike(o shape) bool {
	words, same := 0, 0
	for i, t := range s {
		if !isWordToken(t) {
			continue
		}
		words++
		if t == o[i] {
			same++
		}
	}
	return float64(same) >= similar*float64(words)
}

// join makes the words that differ from o's varying tokens.
func (s shape) join(o shape) {
	for i, t := range s {
		switch {
		case t == o[i]:
		case strings.HasPrefix(t, `"`):
			s[i] = `"` + tokenOther + `"`
		default:
			s[i] = tokenOther
		}
	}
}
