package logs

import (
	"waybill/internal/logs/engine"
	"waybill/internal/logs/pattern"
)

// memberFilter returns what the engine looks for instead of c, nil for nothing.
// Rows whose members are not all columns are found as well, so that whoever
// matches the messages found misses none.
func memberFilter(c *pattern.Condition) *engine.Filter {
	if c == nil {
		return nil
	}
	f := columnFilter(c)
	if f == nil {
		return nil
	}
	partial := engine.Filter{Op: engine.Equal, Column: engine.ColumnPartial, Texts: []string{"1"}}
	return &engine.Filter{Op: engine.Or, Of: []engine.Filter{*f, partial}}
}

// columnFilter returns what rows fulfil whose members are columns, nil for nothing.
func columnFilter(c *pattern.Condition) *engine.Filter {
	switch c.Op {
	case pattern.All:
		return joinedFilter(engine.And, c.Of)
	case pattern.Any:
		return joinedFilter(engine.Or, c.Of)
	}
	f := &engine.Filter{Column: engine.Column(c.Member), Texts: []string{c.Text}}
	switch {
	case !engine.SearchableColumn(f.Column):
		return nil
	case c.Op == pattern.Is:
		f.Op = engine.Equal
	case c.Op == pattern.Has, !engine.Searchable(c.Text):
		f.Op, f.Texts = engine.Exists, nil
	case c.Op == pattern.Begins:
		f.Op = engine.Prefix
	default:
		f.Op = engine.Contains
	}
	return f
}

func joinedFilter(op engine.Op, list []pattern.Condition) *engine.Filter {
	f := &engine.Filter{Op: op}
	for i := range list {
		if one := columnFilter(&list[i]); one != nil {
			f.Of = append(f.Of, *one)
		} else if op == engine.Or {
			return nil
		}
	}
	if len(f.Of) == 0 {
		return nil
	}
	return f
}
