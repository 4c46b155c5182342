package exec

import (
	"context"
)

// eachInOrder adds a step that goes through the rows in their order.
func (c *compiler) eachInOrder(step func(rows []*row)) {
	c.list(func(_ context.Context, _ *budget, rows []*row) ([]*row, error) {
		step(rows)
		return rows, nil
	})
}

// shown returns the columns that the answer has at this command.
func (c *compiler) shown() []string {
	if c.columns != nil {
		return c.columns
	}
	return append([]string{FieldTimestamp, FieldMessage}, c.made...)
}

// ordered brings the rows into the default order if they have none yet; where
// only that many first rows can come into the answer it keeps no more.
func (c *compiler) ordered(limit int) {
	if c.prog.gather == nil {
		c.sort(nil, limit, "sort")
	}
}
