package exec

// keeper fills a slot of a kept row from its batch.
type keeper struct {
	slot int
	load eval
}

// perRow and perSlot are what a kept row takes besides its texts.
const (
	perRow  = 96
	perSlot = 48
)

// keep returns a copy of r, with what is read of it later on, that is good after
// its batch is gone. Rows that are kept already are copied as they are.
func (p *Program) keep(r *row, e *era) *row {
	out := &row{time: r.time, seq: r.seq, weight: r.weight, slots: make([]value, e.slots), size: perRow + perSlot*int64(e.slots)}
	if r.src == nil {
		copy(out.slots, r.slots)
		out.size = r.size
		return out
	}
	for i := range e.read {
		if i < len(r.slots) {
			out.slots[i] = r.slots[i].keep()
			out.size += r.slots[i].size()
		}
	}
	for _, k := range p.keepers {
		v := k.load(r).keep()
		out.slots[k.slot] = v
		out.size += v.size()
	}
	return out
}
