package exec

import (
	"path"
	"slices"
	"strings"

	"waybill/internal/insights/syntax"
)

// fillDown fills missing values with those of the row before.
func (c *compiler) fillDown(f *syntax.FillDown, next []syntax.Command) {
	c.ordered(c.limitAhead(next))
	for _, name := range c.shown() {
		if !filled(f.Names, name) {
			continue
		}
		of := c.field(&syntax.Field{Span: f.Span, Steps: pathOf(name)})
		slot := c.define(name)
		c.eachInOrder(func(rows []*row) {
			last := null
			for _, r := range rows {
				if v := of(r); v.kind != kindNull {
					last = v
				}
				r.slots[slot] = last
			}
		})
	}
}

func filled(patterns []string, name string) bool {
	if len(patterns) == 0 {
		return !strings.HasPrefix(name, "@")
	}
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(strings.NewReplacer(`\`, `\\`, "[", `\[`, "?", `\?`).Replace(p), name)
		return ok
	})
}
