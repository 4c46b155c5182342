package plan

import (
	"context"
	"errors"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs/engine"
)

const (
	// smallRange is how many rows a range may have for exec to be quicker with them
	// than the engine with two questions.
	smallRange = 200_000
	// maxValues is how many texts of a column a condition may leave to be asked for.
	maxValues = 4096
)

func (r *Run) worthTrying(rows int) bool {
	small := smallRange
	if r.options.SmallRange > 0 {
		small = r.options.SmallRange
	}
	return rows > small
}

// resolve tries each condition that the engine cannot decide, and that reads one
// column, on that column alone. What texts it is true for are then asked for by
// themselves: the column of ten million rows is read in less time than a regular
// expression takes in the engine, and the other columns only where it matters.
func (r *Run) resolve(ctx context.Context, first, last int64) error {
	resolved := *r.Plan
	resolved.conditions = append([]condition(nil), r.conditions...)
	for i := range resolved.conditions {
		c := &resolved.conditions[i]
		if c.column == "" {
			continue
		}
		f, err := r.values(ctx, &resolved, c, first, last)
		var limit *exec.LimitError
		if errors.As(err, &limit) {
			c.column = "" // too many texts; not to be tried again
			continue
		}
		if err != nil {
			return err
		}
		c.pushed, c.column = &pushed{*f, true}, ""
		resolved.fill()
	}
	r.Plan = &resolved
	return nil
}

// values returns the filter for the texts of c's column that c is true for.
func (r *Run) values(ctx context.Context, p *Plan, c *condition, first, last int64) (*engine.Filter, error) {
	field := &syntax.Field{Span: c.x.At(), Steps: []syntax.Step{{Name: c.field}}}
	query := &syntax.Query{Text: p.query.Text, Commands: []syntax.Command{
		&syntax.Filter{Span: c.x.At(), Cond: c.x},
		&syntax.Stats{Items: []syntax.Item{{X: &syntax.Call{Name: "count", Args: []syntax.Expr{&syntax.Star{}}}, As: "@n"}}, By: []syntax.Item{{X: field, As: "@v"}}},
	}}
	env := *r.env
	env.Limit, env.NoLimit = maxValues, false
	env.Limits = exec.Limits{Memory: exec.DefaultLimits.Memory, Groups: maxValues}
	program, err := exec.Compile(query, &env)
	if err != nil {
		return nil, err
	}
	missing, err := trueWithout(ctx, query, &env)
	if err != nil {
		return nil, err
	}
	workers := make([]*tryWorker, engine.Workers())
	// Rows without the column come as empty texts: to leave them out here is quicker
	// than to have the engine do it.
	q := engine.ScanQuery{From: first, To: last, Filter: p.besides(c), Columns: []string{c.column}}
	_, err = r.scan(ctx, "values of "+c.field+" for "+c.x.String(), q, func(worker int, b *engine.Block) error {
		if workers[worker] == nil {
			workers[worker] = newTryWorker(program, c)
		}
		return workers[worker].try(b.Values[0])
	})
	if err != nil {
		return nil, err
	}
	result, err := program.Finish(ctx)
	if err != nil {
		return nil, err
	}
	is := oneOf(c.column, texts(result), true).filter
	if missing {
		none := engine.Filter{Op: engine.Not, Of: []engine.Filter{{Op: engine.Exists, Column: c.column}}}
		is = engine.Filter{Op: engine.Or, Of: []engine.Filter{is, none}}
	}
	return &is, nil
}

// tryWorker tries texts of one column.
type tryWorker struct {
	*exec.Worker
	// may is false for texts that the condition is not true for.
	may   func(string) bool
	batch exec.Batch
}

func newTryWorker(program *exec.Program, c *condition) *tryWorker {
	return &tryWorker{program.Worker(), mayBe(c.x), exec.Batch{Columns: []string{c.field}, Values: make([][]string, 1)}}
}

// mayBe returns a quick test for a condition on one column: false only where the
// condition is not true.
func mayBe(x syntax.Expr) func(string) bool {
	if like, ok := x.(*syntax.Like); ok && !like.Not {
		if pattern, ok := like.Pattern.(*syntax.Regex); ok && isField(like.X) {
			return syntax.NewMatcher(pattern.Pattern).MayMatch
		}
	}
	return func(string) bool { return true }
}

func isField(x syntax.Expr) bool { _, ok := x.(*syntax.Field); return ok }

// try tries values. Most are left out here, before anything is made of them.
func (w *tryWorker) try(values []string) error {
	texts := w.batch.Values[0][:0]
	for _, v := range values {
		if v != "" && w.may(v) {
			texts = append(texts, v)
		}
	}
	w.batch.Values[0], w.batch.N = texts, len(texts)
	return w.Push(&w.batch)
}

// trueWithout reports whether the condition is true for a row without the field.
func trueWithout(ctx context.Context, query *syntax.Query, env *exec.Env) (bool, error) {
	program, err := exec.Compile(query, env)
	if err != nil {
		return false, err
	}
	if err := program.Worker().Push(&exec.Batch{N: 1}); err != nil {
		return false, err
	}
	result, err := program.Finish(ctx)
	return err == nil && result.Matched > 0, err
}

func texts(result *exec.Result) []string {
	var list []string
	for _, row := range result.Rows {
		for _, f := range row {
			if f.Name == "@v" {
				list = append(list, f.Value)
			}
		}
	}
	return list
}

// besides is the plan's filter without that c's column is there.
func (p *Plan) besides(c *condition) *engine.Filter {
	if c.pushed == nil || c.pushed.filter.Op != engine.Exists {
		return p.Filter
	}
	var list []engine.Filter
	for i := range p.conditions {
		if o := &p.conditions[i]; o != c && o.pushed != nil {
			list = append(list, o.pushed.filter)
		}
	}
	return all(list)
}
