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

// keep returns a copy of r that is good after its batch is gone. Rows that are
// kept already are copied as they are.
func (p *Program) keep(r *row, slots int) *row {
	out := &row{time: r.time, seq: r.seq, weight: r.weight, slots: make([]value, slots), size: perRow + perSlot*int64(slots)}
	for i, v := range r.slots {
		if i == slots {
			break
		}
		out.slots[i] = v.keep()
		out.size += v.size()
	}
	if r.src == nil {
		return out
	}
	for _, k := range p.keepers {
		v := k.load(r).keep()
		out.slots[k.slot] = v
		out.size += v.size()
	}
	return out
}
