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
			g := &goldenLab{l, f, l.putEvents(f.Events)}
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
	file   *golden.File
	groups []string
}

// putEvents puts events as they were ingested, and returns the groups they made.
func (l *lab) putEvents(events []golden.Event) []string {
	var groups []string
	streams := map[string]bool{}
	for _, e := range events {
		if !streams[e.Group] {
			l.must(l.CreateLogGroup(l.t.Context(), here, logs.NewGroup{Name: e.Group}))
			groups = append(groups, e.Group)
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
	return groups
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
	env := &exec.Env{Start: sub.Start, End: sub.End, Now: golden.Now, NoLimit: inner, Table: golden.Lookup,
		Query: func(ctx context.Context, s exec.Sub) (*exec.Result, error) { return g.run(ctx, s, o, true) }}
	program, err := exec.Compile(sub.Query, env)
	if err != nil {
		return nil, err
	}
	source, err := g.OpenSource(ctx, g.named(sub.Query))
	if err != nil {
		return nil, err
	}
	run := plan.NewRun(plan.Make(sub.Query, program.Needs(), env, o), source, program, env)
	if err := run.Feed(ctx); err != nil {
		return nil, err
	}
	return program.Finish(ctx)
}

// named are the groups of the corpus that a query means.
func (g *goldenLab) named(q *syntax.Query) []logs.GroupName {
	var names []logs.GroupName
	for _, group := range g.groups {
		named := len(q.Sources) == 0
		for _, s := range q.Sources {
			named = named || s.Group == group || s.Group == "" && len(s.NamePrefixes) == 0
			for _, p := range s.NamePrefixes {
				named = named || strings.HasPrefix(group, p)
			}
		}
		if named {
			names = append(names, logs.GroupName{Scope: here, Name: group})
		}
	}
	return names
}
