package exec

import (
	"container/heap"
	"slices"
)

// gather takes the rows of a worker in, in any order, and gives rows once all have
// come. merge takes in what another one of the same kind holds and leaves that as
// it is.
type gather interface {
	push(r *row) error
	merge(o gather) error
	rows() ([]*row, error)
}

// sortKey is one key of a sort.
type sortKey struct {
	of   eval
	desc bool
}

// compareKeys orders the values, which sortValue made, of the keys of two rows.
func compareKeys(keys []sortKey, a, b []value) int {
	for i := range keys {
		c := compare(a[i], b[i])
		if keys[i].desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// sorter holds rows in order: all of them, or the first limit. Ties go by the
// default order, newest first.
type sorter struct {
	prog   *Program
	budget *budget
	era    *era
	keys   []sortKey
	limit  int // 0: all
	// held is a heap, the last row on top, once it is full.
	held  []sorted
	probe []value
	name  string
}

type sorted struct {
	*row
	keys []value
}

func (s *sorter) compare(a, b sorted) int {
	if c := compareKeys(s.keys, a.keys, b.keys); c != 0 {
		return c
	}
	return a.newer(b.row)
}

func (s *sorter) Len() int           { return len(s.held) }
func (s *sorter) Less(i, j int) bool { return s.compare(s.held[i], s.held[j]) > 0 }
func (s *sorter) Swap(i, j int)      { s.held[i], s.held[j] = s.held[j], s.held[i] }
func (s *sorter) Push(x any)         { s.held = append(s.held, x.(sorted)) }
func (s *sorter) Pop() any           { panic("exec: a sorter is never popped") }

func (s *sorter) push(r *row) error {
	s.probe = s.probe[:0]
	for _, k := range s.keys {
		s.probe = append(s.probe, sortValue(k.of(r)))
	}
	return s.take(sorted{r, s.probe})
}

// hold returns a copy of x to be held.
func (s *sorter) hold(x sorted) sorted {
	keys := make([]value, len(x.keys))
	for i, v := range x.keys {
		v.s = v.keepText()
		keys[i] = v
	}
	in := sorted{s.prog.keep(x.row, s.era), keys}
	in.size += int64(len(keys)) * perSlot
	return in
}

// take holds x if it is among the first.
func (s *sorter) take(x sorted) error {
	full := s.limit > 0 && len(s.held) == s.limit
	if full && s.compare(x, s.held[0]) >= 0 {
		return nil
	}
	in := s.hold(x)
	if full {
		gone := s.held[0]
		s.held[0] = in
		heap.Fix(s, 0)
		return s.budget.hold(s.name, in.size-gone.size)
	}
	s.held = append(s.held, in)
	if len(s.held) == s.limit {
		heap.Init(s)
	}
	return s.budget.hold(s.name, in.size)
}

func (s *sorter) merge(o gather) error {
	for _, x := range o.(*sorter).held {
		if err := s.take(x); err != nil {
			return err
		}
	}
	return nil
}

func (s *sorter) rows() ([]*row, error) {
	slices.SortFunc(s.held, s.compare)
	out := make([]*row, len(s.held))
	for i, x := range s.held {
		out[i] = x.row
	}
	return out, nil
}

// first holds the first limit rows that come, in whatever order: limit any.
type firstRows struct {
	prog   *Program
	budget *budget
	era    *era
	limit  int
	held   []*row
}

func (f *firstRows) push(r *row) error {
	if len(f.held) == f.limit {
		return ErrEnough
	}
	k := f.prog.keep(r, f.era)
	f.held = append(f.held, k)
	return f.budget.hold("limit", k.size)
}

func (f *firstRows) merge(o gather) error {
	for _, r := range o.(*firstRows).held {
		if len(f.held) == f.limit {
			break
		}
		f.held = append(f.held, f.prog.keep(r, f.era))
	}
	return nil
}

func (f *firstRows) rows() ([]*row, error) { return f.held, nil }
