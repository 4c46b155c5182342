package plan

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"waybill/internal/insights/exec"
	"waybill/internal/logs"
	"waybill/internal/logs/engine"
)

// layout is how the fields that exec reads come from the engine's columns.
type layout struct {
	// columns are the engine's, each once.
	columns []string
	// fields and from say which column holds which field's text.
	fields []string
	from   []int
	// constant has the text of a field that no column is read for.
	constant map[string]string
	// The places of the engine's own columns in columns, or -1.
	time, id, ingested, stream int
	log, logStream, ptr        bool
	// members asks for every member of the messages.
	members bool
}

// newLayout lays out the fields of the plan. pinned are the columns whose text is
// known; whole rows also have what tells them apart, and partial ones their message.
func (p *Plan) newLayout(pinned map[string]string, whole, partial bool) *layout {
	l := &layout{time: -1, id: -1, ingested: -1, stream: -1, constant: map[string]string{}}
	for _, field := range p.Fields {
		l.add(field, pinned)
	}
	if whole && (p.ordered || l.ptr) {
		l.time, l.id = l.column(engine.ColumnTime), l.column(engine.ColumnID)
	}
	if partial && !slices.Contains(l.fields, exec.FieldMessage) {
		l.text(exec.FieldMessage, engine.ColumnMessage)
	}
	return l
}

func (l *layout) add(field string, pinned map[string]string) {
	switch field {
	case exec.FieldTimestamp:
		l.time = l.column(engine.ColumnTime)
	case exec.FieldIngestionTime:
		l.ingested = l.column(engine.ColumnIngested)
	case exec.FieldLog, exec.FieldLogStream:
		l.stream = l.column(engine.ColumnStream)
		l.log = l.log || field == exec.FieldLog
		l.logStream = l.logStream || field == exec.FieldLogStream
	case exec.FieldPtr:
		l.ptr = true
		l.stream = l.column(engine.ColumnStream)
	default:
		name, ok := column(field)
		if !ok {
			return
		}
		if text, ok := pinned[name]; ok {
			l.constant[field] = text
			return
		}
		l.text(field, name)
	}
}

func (l *layout) text(field, column string) {
	l.fields = append(l.fields, field)
	l.from = append(l.from, l.column(column))
}

func (l *layout) column(name string) int {
	if i := slices.Index(l.columns, name); i >= 0 {
		return i
	}
	l.columns = append(l.columns, name)
	return len(l.columns) - 1
}

// streamNames knows log streams by number. *logs.Source is one.
type streamNames interface {
	Stream(ctx context.Context, number uint64) (logs.SourceStream, bool, error)
}

// reader makes batches of one worker's blocks.
type reader struct {
	*layout
	names streamNames
	batch exec.Batch
	// seq, ingested, log and logStream are used again for each block.
	seq            []uint64
	ingest         []int64
	log, logStream []string
	streams        map[string]streamText
	partial        []bool
}

// streamText is what is shown of a log stream.
type streamText struct {
	log, stream string
	of          logs.SourceStream
	number      uint64
}

func newReader(l *layout, names streamNames) *reader {
	return &reader{layout: l, names: names, streams: map[string]streamText{}}
}

// read makes a batch of b. It is good as long as b is.
func (r *reader) read(ctx context.Context, b *engine.Block, partial bool) (*exec.Batch, error) {
	out := &r.batch
	*out = exec.Batch{N: b.N, Counts: b.Counts, Columns: out.Columns[:0], Values: out.Values[:0]}
	if r.time >= 0 {
		out.Times = b.Times
	}
	if r.id >= 0 {
		r.seq = r.seq[:0]
		for _, v := range b.Values[r.id] {
			n, _ := strconv.ParseUint(v, 10, 64) // the engine wrote it
			r.seq = append(r.seq, n)
		}
		out.Seq = r.seq
	}
	if r.ingested >= 0 {
		r.ingest = r.ingest[:0]
		for _, v := range b.Values[r.ingested] {
			n, _ := strconv.ParseInt(v, 10, 64)
			r.ingest = append(r.ingest, n)
		}
		out.Ingested = r.ingest
	}
	for i, field := range r.fields {
		out.Columns = append(out.Columns, field)
		out.Values = append(out.Values, b.Values[r.from[i]])
	}
	for field, text := range r.constant {
		out.Columns = append(out.Columns, field)
		out.Values = append(out.Values, []string{text})
	}
	if partial {
		out.Partial = r.allPartial(b.N)
	}
	if r.members {
		r.readMembers(b)
	}
	if r.stream >= 0 {
		return out, r.readStreams(ctx, b)
	}
	return out, nil
}

// readMembers adds a column for each member that any of the messages has.
func (r *reader) readMembers(b *engine.Block) {
	out := &r.batch
	place := map[string]int{}
	messages := b.Values[slices.Index(r.columns, engine.ColumnMessage)]
	for i, message := range messages {
		for name, text := range engine.Members(message) {
			at, ok := place[name]
			if !ok {
				at = len(out.Columns)
				place[name] = at
				out.Columns = append(out.Columns, name)
				out.Values = append(out.Values, make([]string, b.N))
			}
			out.Values[at][i] = text
		}
	}
}

func (r *reader) allPartial(n int) []bool {
	for len(r.partial) < n {
		r.partial = append(r.partial, true)
	}
	return r.partial[:n]
}

// readStreams fills @log and @logStream, and the pointers.
func (r *reader) readStreams(ctx context.Context, b *engine.Block) error {
	numbers := b.Values[r.stream]
	r.log, r.logStream = r.log[:0], r.logStream[:0]
	for i, number := range numbers {
		if i > 0 && number == numbers[i-1] {
			r.log, r.logStream = append(r.log, r.log[i-1]), append(r.logStream, r.logStream[i-1])
			continue
		}
		s, err := r.streamText(ctx, number)
		if err != nil {
			return err
		}
		r.log, r.logStream = append(r.log, s.log), append(r.logStream, s.stream)
	}
	out := &r.batch
	if r.layout.log {
		out.Columns, out.Values = append(out.Columns, exec.FieldLog), append(out.Values, r.log)
	}
	if r.layout.logStream {
		out.Columns, out.Values = append(out.Columns, exec.FieldLogStream), append(out.Values, r.logStream)
	}
	if r.ptr {
		out.Ptr = func(i int) string {
			s := r.streams[numbers[i]]
			return s.of.Pointer(s.number, engine.Position{Time: b.Times[i], ID: r.seq[i]})
		}
	}
	return nil
}

func (r *reader) streamText(ctx context.Context, number string) (streamText, error) {
	if s, ok := r.streams[number]; ok {
		return s, nil
	}
	n, _ := strconv.ParseUint(number, 10, 64)
	st, ok, err := r.names.Stream(ctx, n)
	if err != nil {
		return streamText{}, err
	}
	s := streamText{of: st, number: n}
	if ok {
		s.log, s.stream = st.Group.Account+":"+st.Group.Name, st.Name
	}
	r.streams[strings.Clone(number)] = s
	return s, nil
}
