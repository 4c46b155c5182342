package plan_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/golden"
	"waybill/internal/insights/plan"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs"
)

// TestGoldenQueriesOverTheEngine asks every golden query over the log service,
// with push-down and without, over rows in memory and on disk: the answers are
// those that the evaluator gives alone.
func TestGoldenQueriesOverTheEngine(t *testing.T) {
	files, err := golden.Read(filepath.Join("..", "golden", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f.Path), ".txt"), func(t *testing.T) {
			l := &lab{t: t, folder: t.TempDir()}
			l.now.Store(golden.Now.UnixMilli())
			l.open()
			t.Cleanup(l.close)
			l.putEvents(f.Events)
			g := &goldenLab{l, f}
			for _, state := range []string{"in memory", "on disk"} {
				for _, c := range f.Cases {
					for _, o := range []plan.Options{{}, {SmallRange: 1}, {NoPushDown: true}} {
						if diff := cmp.Diff(c.Want, g.answer(c.Query, o)); diff != "" {
							t.Errorf("%s: %s (%s, %+v)\n%s\n%s", f.Path, c.Name, state, o, c.Query, diff)
						}
					}
				}
				l.must(l.Checkpoint(t.Context()))
			}
		})
	}
}

// goldenLab is a lab with the events of one file.
type goldenLab struct {
	*lab
	file *golden.File
}

// putEvents puts events as they were ingested, and makes their groups.
func (l *lab) putEvents(events []golden.Event) {
	streams := map[string]bool{}
	for _, e := range events {
		if !streams[e.Group] {
			l.must(l.CreateLogGroup(l.t.Context(), here, logs.NewGroup{Name: e.Group}))
			streams[e.Group] = true
		}
		if !streams[e.Group+":"+e.Stream] {
			l.must(l.CreateLogStream(l.t.Context(), here, e.Group, e.Stream))
			streams[e.Group+":"+e.Stream] = true
		}
		l.now.Store(e.Time + 1000)
		_, err := l.PutLogEvents(l.t.Context(), here, e.Group, e.Stream, []logs.InputEvent{{Timestamp: e.Time, Message: e.Message}}, nil)
		l.must(err)
	}
	l.now.Store(golden.Now.UnixMilli())
}

func (g *goldenLab) answer(text string, o plan.Options) string {
	q, err := syntax.Parse(text)
	if err == nil {
		q, err = syntax.Prepare(q)
	}
	var result *exec.Result
	if err == nil {
		result, err = g.run(g.t.Context(), exec.Sub{Query: q, Start: g.file.Start, End: g.file.End}, o, false)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	return golden.Table(result)
}

func (g *goldenLab) run(ctx context.Context, sub exec.Sub, o plan.Options, inner bool) (*exec.Result, error) {
	list, start, end := g.file.Ranges(sub)
	env := &exec.Env{Start: start, End: end, Now: golden.Now, NoLimit: inner, Table: golden.Lookup,
		Query: func(ctx context.Context, s exec.Sub) (*exec.Result, error) { return g.run(ctx, s, o, true) }}
	program, err := exec.Compile(sub.Query, env)
	if err != nil {
		return nil, err
	}
	ranges := make([]logs.GroupRange, len(list))
	for i, r := range list {
		ranges[i] = logs.GroupRange{GroupName: logs.GroupName{Scope: here, Name: r.Group}, From: r.From, To: r.To}
	}
	source, err := g.OpenRanges(ctx, ranges)
	if err != nil {
		return nil, err
	}
	run := plan.NewRun(plan.Make(sub.Query, program.Needs(), env, o), source, program, env)
	if err := run.Feed(ctx); err != nil {
		return nil, err
	}
	return program.Finish(ctx)
}
