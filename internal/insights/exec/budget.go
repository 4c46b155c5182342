package exec

import (
	"sync/atomic"
)

// budget counts what a query holds.
type budget struct {
	limits Limits
	used   atomic.Int64
}

// hold adds n bytes for a command; release with a negative n.
func (b *budget) hold(command string, n int64) error {
	if b.used.Add(n) > b.limits.Memory && n > 0 {
		return &LimitError{Command: command, What: "the rows held would take too much memory"}
	}
	return nil
}

// resize counts what a kept row has come to since it was counted last.
func (b *budget) resize(r *row) error {
	size := int64(perRow + perSlot*len(r.slots))
	for _, v := range r.slots {
		size += v.size()
	}
	grown := size - r.size
	r.size = size
	return b.hold("fields", grown)
}
