// Package csvtable reads the CSV of lookup tables: a header row with the names
// of the columns, then the records (RFC 4180). Lines end in LF or CRLF, empty
// lines and a byte order mark at the beginning are passed over, white space
// belongs to its cell.
package csvtable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxColumns is how many columns a table may have. AWS names no limit.
const MaxColumns = 1000

// Error says what is wrong with a table and in which line, counted from 1.
type Error struct {
	Line    int
	Problem string
}

func (e *Error) Error() string { return "line " + strconv.Itoa(e.Line) + ": " + e.Problem }

// Table is a table whose header has been read.
type Table struct {
	Columns []string
	rest    reader
}

// Open reads the header. The error is always an *Error.
func Open(body string) (*Table, error) {
	if !utf8.ValidString(body) {
		return nil, &Error{invalidLine(body), "not UTF-8"}
	}
	t := &Table{rest: reader{rest: strings.TrimPrefix(body, "\ufeff"), next: 1}}
	if t.rest.blank() {
		return nil, &Error{1, "there is no header row"}
	}
	var err error
	if t.Columns, err = t.rest.record(nil); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, name := range t.Columns {
		switch {
		case strings.TrimSpace(name) == "":
			return nil, &Error{t.rest.line, fmt.Sprintf("column %d has no name", i+1)}
		case seen[name]:
			return nil, &Error{t.rest.line, fmt.Sprintf("two columns have the name %q", name)}
		}
		seen[name] = true
	}
	return t, nil
}

// invalidLine is the first line that is not UTF-8.
func invalidLine(body string) int {
	n := 0
	for line := range strings.Lines(body) {
		n++
		if !utf8.ValidString(line) {
			break
		}
	}
	return n
}

// Rows gives each record to take: as many cells as there are columns. Where they
// can be, cells are parts of the body; take must not keep the slice that holds
// them. The error is take's, or an *Error.
func (t *Table) Rows(take func(cells []string) error) error {
	r := t.rest
	var cells []string
	for !r.blank() {
		var err error
		if cells, err = r.record(cells[:0]); err != nil {
			return err
		}
		if len(cells) != len(t.Columns) {
			return &Error{r.line, fmt.Sprintf("%s, the header row has %d", count(len(cells)), len(t.Columns))}
		}
		if err := take(cells); err != nil {
			return err
		}
	}
	return nil
}

func count(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return strconv.Itoa(n) + " cells"
}
