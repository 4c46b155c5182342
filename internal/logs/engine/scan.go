package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/cgroup"
)

// The engine's own columns by the names that a ScanQuery asks for them.
const (
	// ColumnMessage is the message as it was put.
	ColumnMessage = colMessage
	// ColumnStream, ColumnID and ColumnIngested are decimal numbers.
	ColumnStream   = colStream
	ColumnID       = colID
	ColumnIngested = colIngested
	// ColumnPartial is "1" on rows some of whose members are in the message alone.
	ColumnPartial = colPartial
	// ColumnTime is the event's time; see Block.
	ColumnTime = colTime
)

// Stream names a log stream and whose it is.
type Stream struct {
	Tenant Tenant
	Number uint64
}

// ScanQuery asks for columns of rows, in no order.
type ScanQuery struct {
	Tenants []Tenant
	// Streams restricts to these; nil means all of the tenants'. Without excludes.
	Streams, Without []Stream
	// From and To bound the rows' time in milliseconds, both included.
	From, To int64
	// Filter, when set, restricts the rows.
	Filter *Filter
	// Columns are those wanted, each SearchableColumn.
	Columns []string
	// Group gives each different combination of Columns once, with how many rows
	// have it. ColumnTime is cut down to a multiple of Every milliseconds then,
	// unless that is 0.
	Group bool
	Every int64
}

// Block is some of the rows that a scan found. It is good until the callback
// that was given it returns; so are its texts.
type Block struct {
	N int
	// Values has the values of each of the query's columns, in that order, and is
	// nil at ColumnTime. An empty value and none are one.
	Values [][]string
	// Times are milliseconds; nil unless ColumnTime was asked for.
	Times []int64
	// Counts tells, under Group, how many rows each stands for.
	Counts []uint64
}

// ScanStats is what a scan cost.
type ScanStats struct {
	// Rows and Bytes are how many rows the filter was applied to, whole blocks of
	// them left aside by the index, and how long the values were that it read.
	Rows, Bytes uint64
	// Found is how many rows the filter left.
	Found uint64
}

// Scan gives the rows that q asks for to take, block by block. take is called
// from several goroutines at a time, each with a worker number of its own below
// Workers. An error of take ends the scan and is returned.
func (e *Embedded) Scan(ctx context.Context, q ScanQuery, take func(worker int, b *Block) error) (ScanStats, error) {
	if q.Streams != nil && len(q.Streams) == 0 || len(q.Tenants) == 0 || q.From > q.To {
		return ScanStats{}, nil
	}
	e.show()
	if q.byOne() {
		return e.scanByOne(ctx, &q, take)
	}
	return e.scan(ctx, &q, q.query(&e.apart), take)
}

// scan is Scan by a query in the library's language.
func (e *Embedded) scan(ctx context.Context, q *ScanQuery, query string, take func(worker int, b *Block) error) (ScanStats, error) {
	parsed, err := logstorage.ParseQueryAtTimestamp(query, nanosEnd(q.To))
	if err != nil {
		return ScanStats{}, fmt.Errorf("log engine query: %w", err)
	}
	parsed.AddTimeFilter(nanos(q.From), nanosEnd(q.To))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var stats logstorage.QueryStats
	readers := make([]scanReader, Workers())
	err = e.storage.RunQuery(logstorage.NewQueryContext(ctx, &stats, tenantIDs(q.Tenants), parsed, false, nil),
		func(worker uint, b *logstorage.DataBlock) {
			if ctx.Err() != nil {
				return
			}
			r := &readers[worker]
			if err := r.open(q, b); err != nil {
				cancel(err)
			} else if q.Group && r.block.N == 1 && r.block.Counts[0] == 0 {
				return // the count of no rows at all
			} else if err := take(int(worker), &r.block); err != nil {
				cancel(err)
			}
		})
	s := ScanStats{Rows: stats.RowsProcessed, Bytes: stats.BytesProcessedUncompressedValues, Found: stats.RowsFound}
	if err == nil && ctx.Err() != nil {
		return s, context.Cause(ctx)
	}
	if err != nil {
		return s, scanError(err)
	}
	return s, nil
}

// query writes q in the library's language; besides are columns to group by as well.
func (q *ScanQuery) query(apart *Apart, besides ...string) string {
	var b strings.Builder
	b.WriteString(q.rows(apart))
	if q.Filter != nil {
		b.WriteByte(' ')
		q.Filter.query(&b)
	}
	columns := make([]string, len(q.Columns))
	for i, c := range q.Columns {
		columns[i] = quote(c)
		if c == colTime && q.Group && q.Every > 0 {
			columns[i] += ":" + strconv.FormatInt(q.Every, 10) + "ms"
		}
	}
	for _, c := range besides {
		columns = append(columns, quote(c))
	}
	list := strings.Join(columns, ",")
	switch {
	case q.Group && list == "":
		b.WriteString(" | stats count() " + quote(colCount))
	case q.Group:
		b.WriteString(" | stats by (" + list + ") count() " + quote(colCount))
	case list == "":
		b.WriteString(" | fields " + colTime)
	default:
		b.WriteString(" | fields " + list)
	}
	return b.String()
}

// rows selects the rows of q's streams.
func (q *ScanQuery) rows(apart *Apart) string {
	s := apart.streams("", q.Streams)
	if len(q.Without) > 0 {
		s += " " + apart.streams("!", q.Without)
	}
	return s
}

// colCount is the name of the count under Group; a member cannot have it.
const colCount = "@count"

// Workers is how many goroutines a scan gives its blocks from at most: what the
// library uses unless it is told otherwise.
func Workers() int { return 2 * cgroup.AvailableCPUs() }

// scanError words what the library says when a question takes too much memory.
func scanError(err error) error {
	if strings.Contains(err.Error(), "requires more than") {
		return fmt.Errorf("%w: %w", ErrTooManyGroups, err)
	}
	return fmt.Errorf("log engine query: %w", err)
}

// ErrTooManyGroups is returned by a Scan under Group whose combinations would
// not fit into the engine's share of memory.
var ErrTooManyGroups = errors.New("too many different groups for the engine's memory")

// scanReader makes Blocks for one worker.
type scanReader struct {
	block Block
	times []int64
}

func (r *scanReader) open(q *ScanQuery, b *logstorage.DataBlock) error {
	r.block = Block{N: b.RowsCount(), Values: r.block.Values[:0], Counts: r.block.Counts[:0]}
	for _, name := range q.Columns {
		if name == colTime {
			var ok bool
			if r.times, ok = b.GetTimestamps(r.times[:0]); !ok {
				return fmt.Errorf("log engine query: a block of an answer without times")
			}
			for i, t := range r.times {
				r.times[i] = t / int64(time.Millisecond)
			}
			r.block.Times = r.times
			r.block.Values = append(r.block.Values, nil)
			continue
		}
		c := b.GetColumnByName(name)
		if c == nil {
			r.block.Values = append(r.block.Values, make([]string, r.block.N))
			continue
		}
		r.block.Values = append(r.block.Values, c.Values)
	}
	if !q.Group {
		r.block.Counts = nil
		return nil
	}
	for _, v := range b.GetColumnByName(colCount).Values {
		r.block.Counts = append(r.block.Counts, number(v))
	}
	return nil
}
