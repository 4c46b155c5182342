package exec

import (
	"cmp"
	"hash/maphash"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// distinct counts different values: exactly up to maxHashes of them, then to
// about one in a hundred.
var distinct = &aggregate{1, 1, func(c *compiler, call *syntax.Call) func(*cell, *row) {
	a := c.expr(call.Args[0])
	return func(x *cell, r *row) {
		v := a(r)
		if v.kind == kindNull {
			return
		}
		s, ok := x.more.(*hashes)
		if !ok {
			s = &hashes{}
			x.more = s
		}
		if v.kind == kindText {
			s.add(maphash.String(seed, v.s))
		} else {
			s.add(maphash.String(seed, v.display()))
		}
	}
}, mergeMore, func(x *cell, _ *syntax.Call) value {
	s, ok := x.more.(*hashes)
	if !ok {
		return number(0)
	}
	return number(s.count())
}, false, true}

var seed = maphash.MakeSeed()

// hashes is a set of 64-bit hashes that becomes a HyperLogLog when it is large.
type hashes struct {
	set       map[uint64]struct{}
	registers []uint8
}

const (
	maxHashes    = 1 << 16
	registerBits = 14
)

func (h *hashes) add(x uint64) {
	if h.registers != nil {
		h.register(x)
		return
	}
	if h.set == nil {
		h.set = map[uint64]struct{}{}
	}
	h.set[x] = struct{}{}
	if len(h.set) > maxHashes {
		h.registers = make([]uint8, 1<<registerBits)
		for x := range h.set {
			h.register(x)
		}
		h.set = nil
	}
}

func (h *hashes) register(x uint64) {
	i := x >> (64 - registerBits)
	zeros := uint8(bits.LeadingZeros64(x<<registerBits|1<<(registerBits-1))) + 1
	h.registers[i] = max(h.registers[i], zeros)
}

func (h *hashes) count() float64 {
	if h.registers == nil {
		return float64(len(h.set))
	}
	const m = 1 << registerBits
	sum := 0.0
	for _, r := range h.registers {
		sum += math.Exp2(-float64(r))
	}
	return math.Round(0.7213 / (1 + 1.079/m) * m * m / sum)
}

func (h *hashes) merge(o aggregateState) {
	other := o.(*hashes)
	for x := range other.set {
		h.add(x)
	}
	if other.registers == nil {
		return
	}
	if h.registers == nil {
		h.registers = make([]uint8, 1<<registerBits)
		for x := range h.set {
			h.register(x)
		}
		h.set = nil
	}
	for i, r := range other.registers {
		h.registers[i] = max(h.registers[i], r)
	}
}

func (h *hashes) clone() aggregateState {
	return &hashes{maps.Clone(h.set), slices.Clone(h.registers)}
}

func (h *hashes) size() int64 { return int64(len(h.set))*24 + int64(len(h.registers)) }

// collect is values(field): the different values, in order, as a list.
var collect = &aggregate{1, 1, addTally, mergeMore, func(x *cell, _ *syntax.Call) value {
	t, ok := x.more.(*tally)
	if !ok {
		return listOf(nil)
	}
	names := slices.Collect(maps.Keys(t.counts))
	slices.SortFunc(names, natural)
	return listOf(names)
}, false, true}

// topK is topk(k, field): the k commonest values, as a list.
var topK = &aggregate{2, 2, func(c *compiler, call *syntax.Call) func(*cell, *row) {
	c.literalNumber(call.Args[0], 1, 10_000, "Invalid arguments for function "+call.Name+": k must be a number from 1 to 10000")
	return addTally(c, &syntax.Call{Span: call.Span, Name: call.Name, Args: call.Args[1:]})
}, mergeMore, func(x *cell, call *syntax.Call) value {
	t, ok := x.more.(*tally)
	if !ok {
		return listOf(nil)
	}
	names := t.byCount()
	return listOf(names[:min(len(names), int(call.Args[0].(*syntax.Num).Value))])
}, false, false}

func addTally(c *compiler, call *syntax.Call) func(*cell, *row) {
	a := c.expr(call.Args[0])
	return func(x *cell, r *row) {
		s, ok := a(r).str()
		if !ok {
			return
		}
		t, ok := x.more.(*tally)
		if !ok {
			t = &tally{counts: map[string]*int64{}}
			x.more = t
		}
		t.add(s, r.weight)
	}
}

// tally counts texts. The counts are behind pointers because to assign to a key
// that is there also replaces the key, by a text that is good for one batch only.
type tally struct {
	counts map[string]*int64
	bytes  int64
}

func (t *tally) add(s string, weight int64) {
	if n := t.counts[s]; n != nil {
		*n += weight
		return
	}
	t.bytes += int64(len(s)) + 56
	t.counts[strings.Clone(s)] = &weight
}

// of returns how often s came.
func (t *tally) of(s string) int64 {
	if n := t.counts[s]; n != nil {
		return *n
	}
	return 0
}

func (t *tally) merge(o aggregateState) {
	for s, n := range o.(*tally).counts {
		t.add(s, *n)
	}
}

func (t *tally) clone() aggregateState {
	out := &tally{counts: map[string]*int64{}}
	out.merge(t)
	return out
}

func (t *tally) size() int64 { return t.bytes }

// byCount returns the texts, commonest first.
func (t *tally) byCount() []string {
	names := slices.Collect(maps.Keys(t.counts))
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(t.of(b), t.of(a)), natural(a, b))
	})
	return names
}
