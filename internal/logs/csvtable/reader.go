package csvtable

import "strings"

// reader reads records one by one.
type reader struct {
	rest string
	// line is where the last record began, next where rest does.
	line, next int
}

// blank passes over empty lines and reports whether nothing is left.
func (r *reader) blank() bool {
	for {
		switch {
		case strings.HasPrefix(r.rest, "\n"):
			r.rest = r.rest[1:]
		case strings.HasPrefix(r.rest, "\r\n"):
			r.rest = r.rest[2:]
		default:
			return r.rest == "" || r.rest == "\r"
		}
		r.next++
	}
}

// record appends the cells of the next record, which must be there.
func (r *reader) record(cells []string) ([]string, error) {
	r.line = r.next
	for more := true; more; {
		if len(cells) == MaxColumns {
			return nil, &Error{r.line, "more than " + count(MaxColumns)}
		}
		var cell string
		var err error
		if strings.HasPrefix(r.rest, `"`) {
			cell, more, err = r.quoted()
		} else {
			cell, more, err = r.plain()
		}
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell)
	}
	return cells, nil
}

// plain reads a cell without quotes; more is true when another follows.
func (r *reader) plain() (cell string, more bool, err error) {
	end := strings.IndexAny(r.rest, ",\n\"")
	if end < 0 {
		cell, r.rest = strings.TrimSuffix(r.rest, "\r"), ""
		return cell, false, nil
	}
	cell = r.rest[:end]
	switch r.rest[end] {
	case '"':
		return "", false, &Error{r.next, `a quote in a cell that does not begin with one`}
	case ',':
		r.rest = r.rest[end+1:]
		return cell, true, nil
	}
	r.rest = r.rest[end+1:]
	r.next++
	return strings.TrimSuffix(cell, "\r"), false, nil
}

// quoted reads a cell in quotes, in which two stand for one.
func (r *reader) quoted() (cell string, more bool, err error) {
	begin := r.next
	r.rest = r.rest[1:]
	var before strings.Builder // up to the last quote that was two
	for {
		end := strings.IndexByte(r.rest, '"')
		if end < 0 {
			return "", false, &Error{begin, "a quoted cell that does not end"}
		}
		part := r.rest[:end]
		r.next += strings.Count(part, "\n")
		r.rest = r.rest[end+1:]
		if !strings.HasPrefix(r.rest, `"`) {
			if before.Len() > 0 {
				before.WriteString(part)
				part = before.String()
			}
			more, err = r.separator()
			return part, more, err
		}
		before.WriteString(part + `"`)
		r.rest = r.rest[1:]
	}
}

// separator reads what may follow a quoted cell.
func (r *reader) separator() (more bool, err error) {
	switch {
	case r.rest == "" || r.rest == "\r":
		r.rest = ""
		return false, nil
	case r.rest[0] == ',':
		r.rest = r.rest[1:]
		return true, nil
	case r.rest[0] == '\n', strings.HasPrefix(r.rest, "\r\n"):
		_, r.rest, _ = strings.Cut(r.rest, "\n")
		r.next++
		return false, nil
	}
	return false, &Error{r.next, "text after the closing quote of a cell"}
}
