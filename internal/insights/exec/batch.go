package exec

import "context"

// The names of the fields that every log event has.
const (
	FieldTimestamp     = "@timestamp"
	FieldIngestionTime = "@ingestionTime"
	FieldMessage       = "@message"
	FieldLogStream     = "@logStream"
	FieldLog           = "@log"
	FieldPtr           = "@ptr"
)

// Batch is some rows, by column. Its texts need to be good only until Push
// returns: what is kept is copied.
type Batch struct {
	// N is the number of rows.
	N int
	// Times and Ingested are @timestamp and @ingestionTime in milliseconds since the
	// Unix epoch, one a row; nil when the query does not need them or the rows are
	// not log events.
	Times, Ingested []int64
	// Seq orders rows of the same time: later ones have more. A row has the same
	// whichever way it is delivered; nil when there is none.
	Seq []uint64
	// Columns are the names of the other fields as the language has them:
	// "@message", "@logStream", "@log" (account:group), "event.recipients.0" for a
	// member of a JSON message, "event.recipients" for a whole array as JSON text,
	// "@@x" for a member whose own name is "@x". A field that no column is there for
	// is missing in every row.
	Columns []string
	// Values has a list for each column: one text a row, or a single text that all
	// rows have. An empty text means that the row has no such field.
	Values [][]string
	// Partial, when set, says of each row whether its message may have members that
	// are not among the columns. Of such a row a field that no column has a value for
	// is looked for in the text of @message, which must then be there.
	Partial []bool
	// Counts, when set, says of each row how many equal ones it stands for. The
	// planner makes such rows only where a stats is the first command that joins
	// rows: it asks the engine for each combination of the columns that are needed
	// once, with its count, so that a count over ten million rows arrives as a few
	// thousand. Commands before the stats pass Counts on, and the stats weighs by
	// it: count, sum, avg, stddev and pct take a row so many times.
	Counts []uint64
	// Ptr returns the @ptr of row i. It is called only for rows of the answer.
	Ptr func(i int) string
}

// Source delivers rows in any order, until it is dry or yield returns an error,
// which it returns.
type Source func(ctx context.Context, yield func(*Batch) error) error

// Needs is what a program reads of a source.
type Needs struct {
	// Fields are the fields' names, sorted, @timestamp and @ptr among them.
	Fields []string
	// All is true when every field that there is must be delivered.
	All bool
}

// Has reports whether name is needed.
func (n *Needs) Has(name string) bool {
	if n.All {
		return true
	}
	for _, f := range n.Fields {
		if f == name {
			return true
		}
	}
	return false
}
