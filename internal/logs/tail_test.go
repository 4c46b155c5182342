package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"waybill/internal/logs/pattern"
)

// next collects what has come for a tail until now.
func next(t testing.TB, tail *Tail) (texts []string, sampled bool) {
	t.Helper()
	now := make(chan time.Time, 1)
	now <- time.Time{}
	// Either may be seen first: the tail looks at what waits in both cases.
	events, sampled, err := tail.Next(t.Context(), now)
	must(t, err)
	for _, e := range events {
		texts = append(texts, e.Message)
	}
	return texts, sampled
}

func (f *fixture) tail(t testing.TB, q TailQuery, groups ...string) *Tail {
	t.Helper()
	for _, g := range groups {
		q.Groups = append(q.Groups, GroupName{here, g})
	}
	tail, err := f.StartTail(t.Context(), here, q)
	must(t, err)
	t.Cleanup(tail.Close)
	return tail
}

func TestLiveTailsSeeWhatIsPutFromThenOn(t *testing.T) {
	f := newFixture(t)
	f.make(t, "a", "one", "two")
	f.make(t, "b", "one")
	f.make(t, "c", "one")
	f.put(t, "a", "one", ev(0, "before"))
	p, err := pattern.Parse("ERROR")
	must(t, err)
	both := f.tail(t, TailQuery{}, "a", "b")
	errorsOnly := f.tail(t, TailQuery{Pattern: p}, "a")
	two := f.tail(t, TailQuery{Streams: []string{"two"}}, "a")
	prefixed := f.tail(t, TailQuery{Prefixes: []string{"x", "on"}}, "a")

	f.put(t, "a", "one", ev(0, "ERROR 1"), ev(1, "fine"))
	f.put(t, "b", "one", ev(0, "ERROR 2"))
	f.put(t, "c", "one", ev(0, "elsewhere"))
	f.put(t, "a", "two", ev(0, "three"), ev(30*60*60*1000/2, "too far ahead"))
	for _, c := range []struct {
		name string
		tail *Tail
		want []string
	}{
		{"two groups", both, []string{"ERROR 1", "fine", "ERROR 2", "three"}},
		{"pattern", errorsOnly, []string{"ERROR 1"}},
		{"stream", two, []string{"three"}},
		{"prefix", prefixed, []string{"ERROR 1", "fine"}},
	} {
		if got, sampled := next(t, c.tail); !slices.Equal(got, c.want) || sampled {
			t.Errorf("%s: %q (sampled %v), want %q", c.name, got, sampled, c.want)
		}
		if got, _ := next(t, c.tail); len(got) != 0 {
			t.Errorf("%s: once more %q", c.name, got)
		}
	}
	both.Close()
	both.Close()
	f.put(t, "a", "one", ev(2, "after"))
	if got, _ := next(t, both); len(got) != 0 {
		t.Errorf("a closed tail got %q", got)
	}
	_, err = f.StartTail(t.Context(), here, TailQuery{Groups: []GroupName{{here, "none"}}})
	wantError(t, err, codeNotFound, "log group")
}

func TestATailKeepsABoundedNumber(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "s")
	tail := f.tail(t, TailQuery{}, "g")
	// What waits to be looked at is bounded by bytes, and the oldest go.
	big := strings.Repeat("x", 1_000_000)
	for i := range 20 {
		f.put(t, "g", "s", ev(int64(i), fmt.Sprint(i, " ", big)))
	}
	got, sampled := next(t, tail)
	if n := len(got); n != maxTailQueue/1_000_000 || !sampled || !strings.HasPrefix(got[n-1], "19 ") {
		t.Errorf("%d events, sampled %v", n, sampled)
	}
	// As many events as one Next gives are all there, one more is left out.
	for _, c := range []struct {
		n, want int
		sampled bool
	}{{maxTailEvents, maxTailEvents, false}, {maxTailEvents + 1, maxTailEvents, true}, {1, 1, false}} {
		for left := c.n; left > 0; left -= min(left, 5000) {
			f.put(t, "g", "s", slices.Repeat([]InputEvent{ev(100, "m")}, min(left, 5000))...)
		}
		if got, sampled := next(t, tail); len(got) != c.want || sampled != c.sampled {
			t.Errorf("of %d events %d, sampled %v", c.n, len(got), sampled)
		}
	}
}

func TestATailEndsWithItsGroups(t *testing.T) {
	f := newFixture(t)
	f.make(t, "a", "s")
	f.make(t, "b", "s")
	tail := f.tail(t, TailQuery{}, "a", "b")
	must(t, f.DeleteLogGroup(t.Context(), here, "a"))
	f.make(t, "a", "s")
	f.put(t, "a", "s", ev(0, "another group of that name"))
	f.put(t, "b", "s", ev(0, "neighbour"))
	if got, _ := next(t, tail); !slices.Equal(got, []string{"neighbour"}) {
		t.Errorf("got %q", got)
	}
	must(t, f.DeleteLogGroup(t.Context(), here, "b"))
	if _, _, err := tail.Next(t.Context(), nil); !errors.Is(err, errTailDeleted) {
		t.Errorf("error %v", err)
	}
	tail.Close()
	if len(f.tails.byGroup) != 0 || len(f.tails.scopes) != 0 || f.tails.active.Load() != 0 {
		t.Errorf("the hub remembers %v %v", f.tails.byGroup, f.tails.scopes)
	}
}

func TestTailsAreFewAndEndWithTheServer(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g")
	q := TailQuery{Groups: []GroupName{{here, "g"}}}
	var tails []*Tail
	for range maxTails {
		tails = append(tails, f.tail(t, q))
	}
	_, err := f.StartTail(t.Context(), here, q)
	wantError(t, err, codeLimit, "15")
	tails[0].Close()
	again := f.tail(t, q)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, f.Run(ctx))
	if _, _, err := again.Next(t.Context(), nil); !errors.Is(err, errTailsClosed) {
		t.Errorf("error %v", err)
	}
	tails[1].Close()
	_, err = f.StartTail(t.Context(), here, q)
	wantError(t, err, "ServiceUnavailableException", "")
}
