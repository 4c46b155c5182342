package exec

import (
	"encoding/csv"
	"regexp"
	"slices"
	"strings"

	"github.com/valyala/fastjson"

	"waybill/internal/insights/syntax"
)

// parse adds fields that a pattern finds in a text. A row that does not match stays
// without them.
func (c *compiler) parse(p *syntax.ParseCommand) {
	of := c.field(p.Field)
	if p.Mode == syntax.ParseRegex {
		c.parseRegex(p, of)
		return
	}
	slots := c.defineAll(p.As)
	read := globReader(p.Pattern)
	switch p.Mode {
	case syntax.ParseCSV:
		read = csvReader
	case syntax.ParseLogfmt:
		c.each(func(next sink) sink {
			return func(r *row) error {
				s, _ := of(r).str()
				r.slots[slots[0]] = logfmt(s)
				return next(r)
			}
		})
		return
	}
	c.each(func(next sink) sink {
		var parts []string
		return func(r *row) error {
			s, ok := of(r).str()
			if ok {
				parts, ok = read(parts[:0], s)
			}
			for i, slot := range slots {
				r.slots[slot] = null
				if ok && i < len(parts) {
					r.slots[slot] = text(parts[i])
				}
			}
			return next(r)
		}
	})
}

// defineAll makes and shows the names.
func (c *compiler) defineAll(names []string) []int {
	slots := make([]int, len(names))
	for i, name := range names {
		slots[i] = c.define(name)
		c.showMade(name)
	}
	return slots
}

// globReader returns a reader of the texts in the places of "*": as little as
// possible each, the last one to the end of the text when nothing follows it.
func globReader(glob string) func(out []string, s string) ([]string, bool) {
	pieces := strings.Split(glob, "*")
	return func(out []string, s string) ([]string, bool) {
		at := strings.Index(s, pieces[0])
		if at < 0 {
			return out, false
		}
		s = s[at+len(pieces[0]):]
		for i, piece := range pieces[1:] {
			end := strings.Index(s, piece)
			switch {
			case end < 0:
				return out, false
			case piece == "" && i == len(pieces)-2:
				end = len(s)
			}
			out = append(out, s[:end])
			s = s[end+len(piece):]
		}
		return out, true
	}
}

// csvReader reads one line of comma-separated values (RFC 4180).
func csvReader(out []string, s string) ([]string, bool) {
	r := csv.NewReader(strings.NewReader(s))
	r.LazyQuotes = true
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1
	record, err := r.Read()
	return append(out, record...), err == nil
}

// logfmt reads key=value pairs into a map: values may be in double quotes, a key
// alone has the value true.
func logfmt(s string) value {
	var a fastjson.Arena
	object := a.NewObject()
	n := 0
	for s = strings.TrimLeft(s, " \t\r\n"); s != ""; s = strings.TrimLeft(s, " \t\r\n") {
		end := strings.IndexAny(s, " \t\r\n=")
		if end < 0 {
			end = len(s)
		}
		key := s[:end]
		val := "true"
		if s = s[end:]; strings.HasPrefix(s, "=") {
			val, s = logfmtValue(s[1:])
		}
		if key != "" {
			object.Set(key, a.NewString(val))
			n++
		}
	}
	if n == 0 {
		return null
	}
	return value{kind: kindTree, tree: object}
}

func logfmtValue(s string) (val, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, " \t\r\n")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(unescaped(s[i]))
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// parseRegex adds a regular expression's groups: its named ones, or all of them
// under the aliases. With multi there is a row for each match.
func (c *compiler) parseRegex(p *syntax.ParseCommand, of eval) {
	m := syntax.NewMatcher(p.Pattern)
	groups, names := captured(m.Regexp(), p.As)
	slots := c.defineAll(names)
	set := func(r *row, s string, match []int) {
		for i, slot := range slots {
			r.slots[slot] = null
			if match == nil {
				continue
			}
			if from := match[2*groups[i]]; from >= 0 {
				r.slots[slot] = text(s[from:match[2*groups[i]+1]])
			}
		}
	}
	if p.Multi {
		c.eachOf(func(r *row, emit func() error) error {
			s, _ := of(r).str()
			matches := m.Regexp().FindAllStringSubmatchIndex(s, maxParts)
			if len(matches) == 0 {
				matches = [][]int{nil}
			}
			for _, match := range matches {
				set(r, s, match)
				if err := emit(); err != nil {
					return err
				}
			}
			return nil
		})
		return
	}
	c.each(func(next sink) sink {
		return func(r *row) error {
			s, ok := of(r).str()
			var match []int
			if ok && m.MayMatch(s) {
				match = m.Regexp().FindStringSubmatchIndex(s)
			}
			set(r, s, match)
			return next(r)
		}
	})
}

// captured returns the indexes and the names of the groups to be fields.
func captured(re *regexp.Regexp, as []string) (groups []int, names []string) {
	for i, name := range re.SubexpNames() {
		if i == 0 {
			continue
		}
		if len(as) > 0 {
			name = as[i-1]
		}
		if name == "" || slices.Contains(names, name) {
			continue
		}
		groups = append(groups, i)
		names = append(names, name)
	}
	return groups, names
}

// eachOf adds a step that makes any number of rows of one: it changes the row's
// slots and calls emit for each.
func (c *compiler) eachOf(step func(r *row, emit func() error) error) {
	front, prog := c.prog.gather == nil, c.prog
	c.each(func(next sink) sink {
		made := 0
		return func(r *row) error {
			return step(r, func() error {
				// Rows made of rows made of rows may be very many.
				if made++; made&1023 == 0 {
					if err := prog.ended(); err != nil {
						return err
					}
				}
				if front {
					return next(r)
				}
				copied := *r
				copied.slots = slices.Clone(r.slots)
				copied.size = 0
				return next(&copied)
			})
		}
	})
}
