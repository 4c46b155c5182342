package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"waybill/internal/insights/syntax"
)

// Env is what a query needs of the world around it.
type Env struct {
	// Start and End are the query's time range in milliseconds, both included.
	Start, End int64
	// Now is when the query was started.
	Now time.Time
	// Limit is the limit of StartQuery; 0 when it named none. A limit in the query
	// itself goes before it.
	Limit int
	// NoLimit leaves DefaultLimit out: the query is a part of another one, and Limits
	// bounds it.
	NoLimit bool
	// Query runs another query: a subquery, the right side of a join, the earlier time
	// of diff. Nil refuses the commands that need it.
	Query func(ctx context.Context, sub Sub) (*Result, error)
	// Table returns a lookup table by name, when the program starts. Nil refuses
	// lookup and cidrlookup.
	Table func(ctx context.Context, name string) (*Table, error)
	// Limits bounds the query; its zero value means DefaultLimits.
	Limits Limits
}

// Sub is a query that a query needs the answer of.
type Sub struct {
	Query *syntax.Query
	// Start and End are its time range in milliseconds, both included. Shift is how
	// much later, or earlier, it is than that of the query that asks: times of SOURCE
	// are to be moved by it.
	Start, End, Shift int64
	// MaxRows bounds the answer of a query that names no limit. Whoever asks takes one
	// more row than it can use, to see that there are too many.
	MaxRows int
	// Inner is set for a query that stands in the text of the other: in filter,
	// join or appendcols. Its time is limited.
	Inner bool
}

// Table is a lookup table.
type Table struct {
	Columns []string
	// Size is how many bytes its text takes in memory.
	Size int64
	// Rows gives each row to take: as many cells as there are columns. take keeps
	// cells, but not the slice that holds them.
	Rows func(take func(cells []string) error) error
}

// Limits bounds what one query may hold.
type Limits struct {
	// Memory is the number of bytes that rows and groups may take.
	Memory int64
	// Groups is the number of groups a stats command may have.
	Groups int
}

// DefaultLimits are the limits of a query that names none.
var DefaultLimits = Limits{Memory: 512 << 20, Groups: 1_000_000}

// LimitError ends a query that would hold too much.
type LimitError struct {
	// Command is the keyword of the command that held it.
	Command string
	// What says what there is too much of.
	What string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: %s; narrow the time range or filter more", e.Command, e.What)
}

// ErrEnough says that a program needs no more rows; a source stops on it.
var ErrEnough = errors.New("the query needs no more rows")

// TimeLayout is how a time is written in an answer, in UTC.
const TimeLayout = "2006-01-02 15:04:05.000"

// DefaultLimit is the number of rows of a query that names no limit.
const DefaultLimit = 10_000

// Field is one field of a row of an answer.
type Field struct{ Name, Value string }

// Result is an answer. A row has its fields in the order of the columns and none
// for a value that is missing; a row of a log event ends with its @ptr.
type Result struct {
	// Columns are the names in order, without @ptr.
	Columns []string
	Rows    [][]Field
	// Matched is how many rows came through the filters before the first command
	// that joins rows (stats, dedup, limit, ...): recordsMatched.
	Matched int64
}
