package exec

import "slices"

// firsts keeps the first limit of the items it is given, by compare; limit 0 keeps
// all. It holds up to twice as many and then drops the latter half, which takes far
// fewer comparisons than a heap.
type firsts[T any] struct {
	limit   int
	compare func(a, b T) int
	held    []T
	// full is set once some were dropped: what does not come before worst is not wanted.
	full  bool
	worst T
}

// wants reports whether x is among the first as far as is known.
func (f *firsts[T]) wants(x T) bool { return !f.full || f.compare(x, f.worst) < 0 }

// add holds x, which wants said yes to.
func (f *firsts[T]) add(x T) {
	f.held = append(f.held, x)
	if f.limit > 0 && len(f.held) >= 2*f.limit {
		f.cut()
	}
}

// cut drops what is not among the first limit.
func (f *firsts[T]) cut() {
	moveFirst(f.held, f.limit, f.compare)
	clear(f.held[f.limit:])
	f.held = f.held[:f.limit]
	f.worst, f.full = slices.MaxFunc(f.held, f.compare), true
}

// sorted returns the first in order.
func (f *firsts[T]) sorted() []T {
	if f.limit > 0 && len(f.held) > f.limit {
		f.cut()
	}
	slices.SortFunc(f.held, f.compare)
	return f.held
}

// moveFirst moves the first n of list, 0 < n < len(list), to its front, in no order:
// Hoare's selection. When it does not come near quickly it sorts.
func moveFirst[T any](list []T, n int, compare func(a, b T) int) {
	low, high := 0, len(list)-1
	for turn := 0; low < high; turn++ {
		if turn == 64 {
			slices.SortFunc(list[low:high+1], compare)
			return
		}
		pivot := middle(list[low], list[low+(high-low)/2], list[high], compare)
		i, j := low, high
		for i <= j {
			for compare(list[i], pivot) < 0 {
				i++
			}
			for compare(list[j], pivot) > 0 {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default:
			return
		}
	}
}

// middle returns the second of three.
func middle[T any](a, b, c T, compare func(a, b T) int) T {
	if compare(a, b) > 0 {
		a, b = b, a
	}
	if compare(b, c) > 0 {
		b = c
		if compare(a, b) > 0 {
			b = a
		}
	}
	return b
}
