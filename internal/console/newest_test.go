package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// group is a log group to read: FilterLogEvents' order, limit and tokens, and
// the freedom to answer with fewer events than asked for and a token.
type group struct {
	events []logEvent
	stingy bool
	reads  int
}

func (g *group) read(_ context.Context, from, to int64, limit int, token string) ([]logEvent, string, error) {
	g.reads++
	if limit <= 0 || from > to {
		return nil, "", errors.New("the reader was asked for nothing")
	}
	var in []logEvent
	for _, e := range g.events {
		if e.At >= from && e.At <= to {
			in = append(in, e)
		}
	}
	slices.SortStableFunc(in, func(a, b logEvent) int { return -newestFirst(a, b) })
	start := 0
	if token != "" {
		start, _ = strconv.Atoi(token)
	}
	if g.stingy {
		limit = max(limit/3, 1)
	}
	end := min(start+limit, len(in))
	next := ""
	if end < len(in) {
		next = strconv.Itoa(end)
	}
	return in[start:end], next, nil
}

func forever() time.Time { return time.Time{} }

// TestPagesMeetEveryEventOnce walks from the newest page to the oldest and back:
// every event is met exactly once, in order, whatever their density.
func TestPagesMeetEveryEventOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const top = int64(1_800_000_000_000)
		spread := rapid.SampledFrom([]int64{1, 50, 10_000, 100_000_000, 50_000_000_000}).Draw(t, "spread")
		n := rapid.IntRange(0, 2500).Draw(t, "n")
		seed := rapid.Int64Range(0, 1<<40).Draw(t, "seed")
		g := &group{stingy: rapid.Bool().Draw(t, "stingy")}
		for i := range n {
			seed = (seed*6364136223846793005 + 1442695040888963407) & (1<<62 - 1)
			g.events = append(g.events, logEvent{At: top - seed%spread, ID: fmt.Sprintf("%06d", i)})
		}
		want := slices.Clone(g.events)
		slices.SortFunc(want, newestFirst)

		size := rapid.IntRange(1, 400).Draw(t, "size")
		var met []logEvent
		before := position{At: top + 7_200_000}
		for {
			page, err := older(context.Background(), g.read, forever, time.Now(), before, top-60_000_000_000, size)
			if err != nil {
				t.Fatal(err)
			}
			met = append(met, page.Events...)
			if page.More != (len(met) < len(want)) {
				t.Fatalf("more is %v after %d of %d", page.More, len(met), len(want))
			}
			if !page.More {
				break
			}
			last := page.Events[len(page.Events)-1]
			before = position{last.At, last.ID}
		}
		if !slices.Equal(met, want) {
			t.Fatalf("met %d events, want %d, each once and newest first", len(met), len(want))
		}
		checkBack(t, g, want, size, top+7_200_000)
	})
}

func checkBack(t *rapid.T, g *group, want []logEvent, size int, ceiling int64) {
	if len(want) == 0 {
		return
	}
	last := want[len(want)-1]
	met := []logEvent{last}
	for after := (position{last.At, last.ID}); ; {
		page, err := newer(context.Background(), g.read, after, ceiling, size)
		if err != nil {
			t.Fatal(err)
		}
		met = append(slices.Clone(page.Events), met...)
		if !page.More {
			break
		}
		after = position{page.Events[0].At, page.Events[0].ID}
	}
	if !slices.Equal(met, want) {
		t.Fatalf("met %d events on the way back, want %d", len(met), len(want))
	}
}

// TestOlderStopsInTime: a search that takes too long shows what it has and from
// where it can go on, and going on misses nothing.
func TestOlderStopsInTime(t *testing.T) {
	const top = int64(1_800_000_000_000)
	hour := time.Hour.Milliseconds()
	g := &group{events: []logEvent{{At: top, ID: "a"}, {At: top - 900*hour, ID: "b"}}}
	clock := time.Unix(0, 0)
	now := func() time.Time { clock = clock.Add(time.Second); return clock }
	page, err := older(context.Background(), g.read, now, time.Unix(3, 0), position{At: top + 1}, top-10_000*hour, 50)
	if err != nil || len(page.Events) != 1 || page.More || page.Searched == 0 {
		t.Fatalf("got %+v, %v; want one event and a place to go on from", page, err)
	}
	page, err = older(context.Background(), g.read, forever, time.Now(), position{At: page.Searched}, top-10_000*hour, 50)
	if err != nil || len(page.Events) != 1 || page.Events[0].ID != "b" {
		t.Fatalf("going on finds %+v, %v", page, err)
	}
}

// TestAQuietYearCostsFewReads: spans grow while nothing is found.
func TestAQuietYearCostsFewReads(t *testing.T) {
	g := &group{}
	const top = int64(1_800_000_000_000)
	if _, err := older(context.Background(), g.read, forever, time.Now(), position{At: top}, top-365*24*time.Hour.Milliseconds(), 50); err != nil {
		t.Fatal(err)
	}
	if g.reads > 8 {
		t.Errorf("%d reads for an empty year", g.reads)
	}
}

func TestReaderThatRepeatsItsTokenIsAnError(t *testing.T) {
	read := func(context.Context, int64, int64, int, string) ([]logEvent, string, error) { return nil, "same", nil }
	if _, err := older(context.Background(), read, forever, time.Now(), position{At: 10}, 0, 5); err == nil {
		t.Error("reading for ever instead of an error")
	}
}

func TestPositionRoundTrip(t *testing.T) {
	p := position{1764021600123, "38.7.a"}
	if got, err := parsePosition(p.String()); err != nil || got != p {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, s := range []string{"", "x.1", "12"} {
		if _, err := parsePosition(s); err == nil {
			t.Errorf("parsePosition(%q) gives no error", s)
		}
	}
}
