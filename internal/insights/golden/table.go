package golden

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"waybill/internal/insights/exec"
)

// Table prints an answer: a line of column names, then a line a row, columns under
// each other with "|" between. A missing value is "-"; a text that could be taken
// for something else is in quotes. @ptr is left out.
func Table(res *exec.Result) string {
	if len(res.Rows) == 0 {
		return "no rows"
	}
	lines := [][]string{res.Columns}
	for _, fields := range res.Rows {
		line := make([]string, len(res.Columns))
		for i, name := range res.Columns {
			line[i] = cell(fields, name)
		}
		lines = append(lines, line)
	}
	return align(lines)
}

func cell(fields []exec.Field, name string) string {
	for _, f := range fields {
		if f.Name != name {
			continue
		}
		v := f.Value
		if v == "" || v == "-" || strings.TrimSpace(v) != v || strings.ContainsAny(v, "\n\t|") || v[0] == '"' && !strings.HasSuffix(v, "]") {
			return strconv.Quote(v)
		}
		return v
	}
	return "-"
}

func align(lines [][]string) string {
	widths := map[int]int{}
	for _, line := range lines {
		for i, c := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		if n > 0 {
			b.WriteByte('\n')
		}
		var l strings.Builder
		for i, c := range line {
			if i > 0 {
				l.WriteString(" | ")
			}
			l.WriteString(c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)))
		}
		b.WriteString(strings.TrimRight(l.String(), " "))
	}
	return b.String()
}
