package keep

import (
	"encoding/binary"
	"fmt"
	"io"

	"waybill/internal/insights/exec"
)

// Rows are written as the names of their fields, each once, and then row by row.
// Every number is a uvarint, every text its length and its bytes, whatever they
// are:
//
//	names: n, n texts
//	rows:  n, n times: fields: k, k times: index of the name, text
func encode(w io.Writer, rows [][]exec.Field) error {
	if len(rows) == 0 {
		return nil
	}
	var names []string
	index := map[string]uint64{}
	for _, row := range rows {
		for _, f := range row {
			if _, known := index[f.Name]; !known {
				index[f.Name] = uint64(len(names))
				names = append(names, f.Name)
			}
		}
	}
	b := binary.AppendUvarint(nil, uint64(len(names)))
	for _, name := range names {
		b = appendText(b, name)
	}
	b = binary.AppendUvarint(b, uint64(len(rows)))
	for _, row := range rows {
		b = binary.AppendUvarint(b, uint64(len(row)))
		for _, f := range row {
			b = appendText(binary.AppendUvarint(b, index[f.Name]), f.Value)
		}
		if len(b) < 32<<10 {
			continue
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err := w.Write(b)
	return err
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decode reads what encode wrote. The rows share one text.
func decode(b []byte) ([][]exec.Field, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := &reader{text: string(b)}
	names := make([]string, r.count())
	for i := range names {
		names[i] = r.string()
	}
	rows := make([][]exec.Field, r.count())
	for i := range rows {
		row := make([]exec.Field, r.count())
		for k := range row {
			n := r.number()
			if n >= uint64(len(names)) {
				r.bad = true
				break
			}
			row[k] = exec.Field{Name: names[n], Value: r.string()}
		}
		rows[i] = row
		if r.bad {
			break
		}
	}
	if r.bad || r.text != "" {
		return nil, fmt.Errorf("%w: its rows cannot be read", ErrDamaged)
	}
	return rows, nil
}

// reader takes what it reads off its text. After something that cannot be there
// it is bad and reads nothing.
type reader struct {
	text string
	bad  bool
}

func (r *reader) number() uint64 {
	n, shift := uint64(0), 0
	for i := 0; i < len(r.text) && i < binary.MaxVarintLen64 && !r.bad; i++ {
		c := r.text[i]
		n |= uint64(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			r.text = r.text[i+1:]
			return n
		}
	}
	r.bad = true
	return 0
}

// count reads how many things follow, each of at least a byte.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.text)) {
		r.bad = true
	}
	if r.bad {
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	n := r.count()
	s := r.text[:n]
	r.text = r.text[n:]
	return s
}
