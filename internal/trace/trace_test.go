package trace_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"waybill/internal/event"
	"waybill/internal/trace"
)

var update = flag.Bool("update", false, "write the expected texts")

func events(t *testing.T, lines []byte) []event.Event {
	t.Helper()
	var list []event.Event
	for line := range strings.Lines(string(lines)) {
		e, err := event.Decode([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func TestText(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			built := trace.Build(events(t, ar.Files[0].Data))
			var got strings.Builder
			if err := trace.Text(&got, built); err != nil {
				t.Fatal(err)
			}
			if *update {
				ar.Files[1].Data = []byte(got.String())
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(ar.Files[1].Data); got.String() != want {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
			}
			checkOrderAndDoubling(t, events(t, ar.Files[0].Data), built)
		})
	}
}

// checkOrderAndDoubling: events reach a reader in any order, and a retried read
// may hand some out twice; neither changes the answer.
func checkOrderAndDoubling(t *testing.T, list []event.Event, want trace.Trace) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		shuffled := append(append([]event.Event{}, list...), list...)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := trace.Build(shuffled); !reflect.DeepEqual(got, want) {
			t.Fatalf("order or doubling changes the trace:\n got %+v\nwant %+v", got, want)
		}
	}
}

func TestBuildLeavesItsInputAlone(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/internal.txtar")
	if err != nil {
		t.Fatal(err)
	}
	list := events(t, ar.Files[0].Data)
	before := append([]event.Event{}, list...)
	trace.Build(list)
	if !reflect.DeepEqual(list, before) {
		t.Error("Build reordered the caller's slice")
	}
}

func TestRecipientIsFoundInAnyCase(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/internal.txtar")
	if err != nil {
		t.Fatal(err)
	}
	r, ok := trace.Build(events(t, ar.Files[0].Data)).Recipient("Bob@EXAMPLE.com")
	if !ok || r.Outcome != trace.Delivered || r.Folder != "INBOX" {
		t.Errorf("got %+v, %v", r, ok)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.000 s", 120 * time.Millisecond: "0.120 s", 4200 * time.Millisecond: "4.2 s", 200 * time.Second: "3 min 20 s",
		2*time.Hour + 5*time.Minute: "2 h 5 min", 76 * time.Hour: "3 d 4 h",
	} {
		if got := trace.Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestRecipientFindsAnAlias(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/alias.txtar")
	if err != nil {
		t.Fatal(err)
	}
	r, ok := trace.Build(events(t, ar.Files[0].Data)).Recipient("sales@example.com")
	if !ok || r.Address != "alice@example.com" {
		t.Errorf("got %+v, %v", r, ok)
	}
}
