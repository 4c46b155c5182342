package syntax

import "strings"

// Sort is sort x desc, y; order and order by are the same.
type Sort struct {
	Span
	Keys []SortKey
}

// SortKey is one key of a sort; ascending unless Desc.
type SortKey struct {
	X    Expr
	Desc bool
}

func (s *Sort) String() string {
	keys := make([]string, len(s.Keys))
	for i, k := range s.Keys {
		keys[i] = k.X.String() + " asc"
		if k.Desc {
			keys[i] = k.X.String() + " desc"
		}
	}
	return "sort " + strings.Join(keys, ", ")
}

func parseSort(p *parser, start int) Command {
	p.take("by")
	s := &Sort{}
	for {
		k := SortKey{X: p.expr()}
		if p.take("desc") {
			k.Desc = true
		} else {
			p.take("asc")
		}
		s.Keys = append(s.Keys, k)
		if !p.takePunct(",") {
			break
		}
	}
	s.Span = p.from(start)
	return s
}
