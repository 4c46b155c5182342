package insights

import (
	"context"
	"fmt"
	"sync"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs"
	"waybill/internal/logs/csvtable"
)

// checkTables refuses a query, at the place in its text, that names a lookup table
// or a column that is not there.
func (s *Service) checkTables(ctx context.Context, sc logs.Scope, q *syntax.Query) error {
	for _, l := range syntax.Lookups(q) {
		t, err := s.Logs.LookupTable(ctx, sc, l.Table)
		if awserr.HasCode(err, codeNotFound) {
			return malformed(&syntax.Error{Query: q.Text, Span: l.TableAt, Problem: "there is no lookup table " + l.Table})
		}
		if err != nil {
			return err
		}
		if _, err := exec.LookupColumns(q, l, t.Fields); err != nil {
			return malformed(err)
		}
	}
	return nil
}

// tables are the lookup tables of one run, each read once, when it is first asked for.
type tables struct {
	logs  *logs.Service
	scope logs.Scope

	mu   sync.Mutex
	read map[string]*exec.Table // guarded by mu
}

// table returns a table. One that was there when the query began and is no more is
// ResourceNotFoundException.
func (t *tables) table(ctx context.Context, name string) (*exec.Table, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := t.read[name]; found != nil {
		return found, nil
	}
	_, body, err := t.logs.LookupTableBody(ctx, t.scope, name)
	if err != nil {
		return nil, fmt.Errorf("read lookup table %s: %w", name, err)
	}
	csv, err := csvtable.Open(body)
	if err != nil {
		return nil, fmt.Errorf("read lookup table %s: %w", name, err)
	}
	if t.read == nil {
		t.read = map[string]*exec.Table{}
	}
	t.read[name] = &exec.Table{Columns: csv.Columns, Size: int64(len(body)), Rows: csv.Rows}
	return t.read[name], nil
}
