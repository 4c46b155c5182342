package exec

import (
	"cmp"

	"github.com/valyala/fastjson"
)

// row is one row on its way through a query. Fields of the log are read from the
// batch while there is one and from slots after the row was kept; everything that
// the query made is in slots.
type row struct {
	src   *bound
	i     int
	slots []value
	// time and seq are the event's place in the default order, newest first.
	time int64
	seq  uint64
	// weight is how many equal rows this one stands for.
	weight int64
	// size is what a kept row takes; large what the long ones of its values do.
	size, large int64
	// blank is true for a row that stands for no event.
	blank bool
}

// newer reports whether r comes before o in the default order.
func (r *row) newer(o *row) int {
	return cmp.Or(cmp.Compare(o.time, r.time), cmp.Compare(o.seq, r.seq))
}

// bound is a batch with the program's fields looked up in it.
type bound struct {
	batch *Batch
	// columns has for each field of the program its values; nil for none.
	columns [][]string
	// message is @message's values, for partial rows.
	message []string
	parser  fastjson.Parser
	// parsed is the row whose message tree holds; -1 for none.
	parsed int
	tree   *fastjson.Value
}

func (b *bound) bind(batch *Batch, fields []string) {
	b.batch = batch
	b.parsed = -1
	b.columns = b.columns[:0]
	for _, f := range fields {
		b.columns = append(b.columns, batch.column(f))
	}
	b.message = nil
	if batch.Partial != nil {
		b.message = batch.column(FieldMessage)
	}
}

func (b *Batch) column(name string) []string {
	for i, c := range b.Columns {
		if c == name {
			return b.Values[i]
		}
	}
	return nil
}

// text returns field f of row i, "" when it is missing.
func (b *bound) text(f, i int, name string) string {
	if s := at(b.columns[f], i); s != "" || b.batch.Partial == nil || !b.batch.Partial[i] {
		return s
	}
	return b.member(i, name)
}

func at(column []string, i int) string {
	switch len(column) {
	case 0:
		return ""
	case 1:
		return column[0]
	}
	return column[i]
}

// member looks for a field in the text of the message.
func (b *bound) member(i int, name string) string {
	if b.parsed != i {
		b.parsed = i
		b.tree, _ = b.parser.Parse(at(b.message, i))
	}
	return discovered(b.tree, name)
}
