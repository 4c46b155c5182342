package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"waybill/internal/spool"
)

// settings is one organization's target.
type settings struct {
	mu     sync.Mutex
	target Target
	on     bool
	err    error
}

func (s *settings) Target(_ context.Context, organization string) (Target, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if organization != orgID {
		return Target{}, false, nil
	}
	return s.target, s.on, s.err
}

func (s *settings) set(change func(*settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// world is a publisher, its spool, the cloud and the network between them.
type world struct {
	*testing.T
	cloud    *cloud
	network  *network
	settings *settings
	spool    *spool.Spool
	*Publisher
	stop func()
}

func groupARN(name string) string {
	return "arn:aws:logs:us-east-1:111122223333:log-group:" + name + ":*"
}

// newWorld must be called inside a synctest bubble. The publisher does not run yet.
func newWorld(t *testing.T, mode tokens) *world {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := spool.Open(t.Context(), filepath.Join(t.TempDir(), "spool.db"), logger)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, cloud: newCloud(t, mode), spool: s, stop: func() {},
		settings: &settings{on: true, target: Target{LogGroupARN: groupARN(groupName), Region: "us-east-1", RoleARN: roleARN,
			OrganizationARN: orgARN, Account: "111122223333"}}}
	w.network = &network{to: w.cloud.serve(), faults: map[int]fault{}}
	t.Cleanup(func() {
		w.stop()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// start runs a publisher, as a new process would.
func (w *world) start() {
	w.Publisher = New(Config{
		Spool: w.spool, Targets: w.settings, Endpoint: "http://127.0.0.1:8420", HTTP: w.network, Instance: "test",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: serviceKey, SecretAccessKey: secret}, nil
		}),
		Logger: slog.New(slog.NewTextHandler(w.Output(), nil)),
	})
	w.spool.OnEvents(w.Wake)
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	publisher := w.Publisher
	go func() { ended <- publisher.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.Error(err)
		}
		w.stop = func() {}
	}
}

// emit puts events in the outbox, a millisecond apart, beginning now.
func (w *world) emit(messages ...string) {
	w.Helper()
	var events []spool.Event
	for i, m := range messages {
		events = append(events, spool.Event{ID: m, Time: time.Now().Add(time.Duration(i) * time.Millisecond), Blob: []byte(m)})
	}
	w.commit(events)
}

func (w *world) commit(events []spool.Event) {
	w.Helper()
	if err := w.spool.Commit(w.Context(), spool.Commit{Organization: orgID, Events: events}); err != nil {
		w.Fatal(err)
	}
}

// pass lets time go by until everything waits for later.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) status() Status {
	w.Helper()
	s, err := w.Status(w.Context(), orgID)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// inBubble runs a test with a world of its own.
func inBubble(t *testing.T, mode tokens, f func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(newWorld(t, mode)) })
}

func TestEventsArriveInOrder(t *testing.T) {
	for _, mode := range []tokens{strict, lenient, ignored} {
		inBubble(t, mode, func(w *world) {
			w.emit("a", "b")
			w.start()
			w.pass(time.Second)
			w.emit("c")
			w.emit("d")
			w.pass(time.Second)
			w.cloud.want("a", "b", "c", "d")
			if n := w.cloud.count("AssumeRole"); n != 1 {
				t.Errorf("assumed the role %d times, want once", n)
			}
			if n := w.cloud.count("CreateLogStream"); n != 1 {
				t.Errorf("created a stream %d times, want once", n)
			}
			if name := w.cloud.assumed[0].Get("RoleSessionName"); name != orgID {
				t.Errorf("session name %q, want the organization's id", name)
			}
			if w.cloud.groups[groupName]["2000/01/01/test"] == nil {
				t.Errorf("streams %v, want 2000/01/01/test", w.cloud.groups[groupName])
			}
			s := w.status()
			if s.Published != 4 || s.Waiting != 0 || s.Stalled || s.LastError != "" || s.LastSuccess.IsZero() || s.LastAttempt.After(s.LastSuccess) {
				t.Errorf("status %+v", s)
			}
		})
	}
}

// TestFaultsInPairs breaks every two of the first exchanges in every way (and a
// third of them with a server that takes any first token).
func TestFaultsInPairs(t *testing.T) {
	const exchanges = 6
	for _, mode := range []tokens{strict, lenient} {
		for first := range exchanges * int(faultKinds) {
			for second := range exchanges * int(faultKinds) {
				i, j := first/int(faultKinds), second/int(faultKinds)
				if j <= i || (mode == lenient && (first+second)%3 != 0) {
					continue
				}
				f, g := fault(first%int(faultKinds)), fault(second%int(faultKinds))
				ok := t.Run(fmt.Sprintf("%d/%v@%d,%v@%d", mode, f, i, g, j), func(t *testing.T) {
					inBubble(t, mode, func(w *world) {
						w.network.faults = map[int]fault{i: f, j: g}
						w.start()
						w.emit("a", "b")
						w.pass(10 * time.Second)
						w.emit("c")
						w.pass(2 * time.Minute)
						w.cloud.want("a", "b", "c")
						if s := w.status(); s.Published != 3 || s.Waiting != 0 || s.Stalled {
							t.Errorf("status %+v", s)
						}
					})
				})
				if !ok {
					return
				}
			}
		}
	}
}

// TestRestartedAtEachExchange stops the publisher as an exchange ends, its reply
// lost, and starts another.
func TestRestartedAtEachExchange(t *testing.T) {
	for mode, exchanges := range map[tokens]int{strict: 5, lenient: 4} {
		for i := range exchanges {
			t.Run(fmt.Sprintf("%d/%d", mode, i), func(t *testing.T) {
				inBubble(t, mode, func(w *world) {
					reached := make(chan struct{})
					w.network.faults[i] = replyLost
					w.network.after = func(n int) {
						if n == i {
							close(reached)
						}
					}
					w.start()
					w.emit("a", "b")
					w.pass(time.Second)
					w.emit("c", "d")
					<-reached
					w.stop()
					w.pass(time.Second)
					w.emit("e")
					w.start()
					w.pass(2 * time.Minute)
					w.cloud.want("a", "b", "c", "d", "e")
				})
			})
		}
	}
}

func TestRoleBrokenAndMended(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.cloud.trusted = false
		w.start()
		w.emit("a")
		w.pass(time.Minute)
		w.emit("b")
		w.pass(time.Minute)
		w.cloud.want()
		s := w.status()
		if !s.Stalled || s.Waiting != 2 || s.LastError != "assume the role "+roleARN+": AccessDenied: not trusted" {
			t.Errorf("status while the role is broken: %+v", s)
		}
		if calls := w.cloud.count("AssumeRole"); calls > 20 {
			t.Errorf("%d attempts in two minutes: no back-off", calls)
		}
		w.cloud.set(func() { w.cloud.trusted = true })
		w.pass(maxBackoff)
		w.cloud.want("a", "b")
		if s := w.status(); s.Stalled || s.Waiting != 0 {
			t.Errorf("status once mended: %+v", s)
		}
	})
}

func TestPermissionTakenAndGiven(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		w.emit("a")
		w.pass(time.Second)
		w.cloud.set(func() { w.cloud.allowed = false })
		w.emit("b")
		w.pass(time.Minute)
		w.emit("c")
		w.pass(time.Minute)
		if s := w.status(); !s.Stalled || !strings.HasPrefix(s.LastError, "put events into the log group "+groupName+": AccessDeniedException: not allowed") {
			t.Errorf("status: %+v", s)
		}
		sessions := w.cloud.count("AssumeRole")
		if sessions < 3 {
			t.Errorf("%d sessions: a refused one was kept", sessions)
		}
		w.cloud.set(func() { w.cloud.allowed = true })
		w.RetryAll()
		w.pass(time.Second)
		w.cloud.want("a", "b", "c")
	})
}

func TestGroupDeletedAndRecreated(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		w.emit("a")
		w.pass(time.Second)
		w.cloud.set(func() { delete(w.cloud.groups, groupName) })
		w.emit("b")
		w.pass(time.Minute)
		if s := w.status(); !s.Stalled || !strings.Contains(s.LastError, "ResourceNotFoundException: The specified log group does not exist.") {
			t.Errorf("status: %+v", s)
		}
		w.emit("c")
		w.pass(time.Minute)
		w.cloud.set(func() { w.cloud.groups[groupName] = map[string]*logStream{} })
		w.pass(maxBackoff)
		w.cloud.want("a", "b", "c")
	})
}

func TestStreamDeleted(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		w.emit("a")
		w.pass(time.Second)
		w.cloud.set(func() { w.cloud.groups[groupName] = map[string]*logStream{} })
		w.emit("b")
		w.pass(time.Second)
		w.cloud.want("a", "b")
		if s := w.status(); s.LastError != "" {
			t.Errorf("a missing stream is an error to the reader: %+v", s)
		}
	})
}

func TestTurnedOffAndOn(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.cloud.trusted = false
		w.start()
		w.emit("a", "b")
		w.pass(time.Minute)
		w.settings.set(func(s *settings) { s.on = false })
		w.SettingsChanged(orgID)
		w.pass(time.Millisecond)
		if s := w.status(); s.Waiting != 0 || s.Stalled {
			t.Errorf("status while off: %+v", s)
		}
		w.cloud.set(func() { w.cloud.trusted = true })
		w.emit("c")
		w.pass(time.Minute)
		w.settings.set(func(s *settings) { s.on = true })
		w.SettingsChanged(orgID)
		w.emit("d")
		w.pass(time.Second)
		w.cloud.want("d")
	})
}

// A change of settings cuts a back-off short, and a batch whose fate in the old
// group is not known goes to the new one.
func TestMovedToAnotherGroup(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.cloud.groups["other"] = map[string]*logStream{}
		w.start()
		w.emit("a")
		w.pass(time.Second)
		w.cloud.set(func() { delete(w.cloud.groups, groupName) })
		w.emit("b")
		w.pass(10 * time.Minute)
		w.settings.set(func(s *settings) { s.target.LogGroupARN = groupARN("other") })
		w.SettingsChanged(orgID)
		w.pass(time.Millisecond)
		w.cloud.want("a", "b")
		if len(w.cloud.groups["other"]) != 1 {
			t.Errorf("streams of the other group: %v", w.cloud.groups["other"])
		}
	})
}

func TestUnusableSettings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*settings)
		want   string
	}{
		{"look-up fails", func(s *settings) { s.err = errors.New("the database is gone") }, "the database is gone"},
		{"no ARN", func(s *settings) { s.target.LogGroupARN = groupName }, "the log group: parse ARN"},
		{"a stream's ARN", func(s *settings) { s.target.LogGroupARN = "arn:aws:s3:us-east-1:111122223333:log-group:x" }, "is not a log group's ARN"},
		{"role without an ARN", func(s *settings) { s.target.RoleARN = "role" }, "the role: parse ARN"},
		{"role of another account", func(s *settings) { s.target.RoleARN = "arn:aws:iam::444455556666:role/workmail" }, "of another account"},
		{"another Region", func(s *settings) { s.target.Region = "eu-west-1" }, "Region eu-west-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, strict, func(w *world) {
				w.settings.set(tt.change)
				w.start()
				w.emit("a")
				w.pass(time.Second)
				if s := w.status(); !s.Stalled || !strings.Contains(s.LastError, tt.want) || s.Waiting != 1 {
					t.Errorf("status %+v, want %q and the event kept", s, tt.want)
				}
				if n := len(w.cloud.calls); n != 0 {
					t.Errorf("%d calls were made", n)
				}
			})
		})
	}
}

func TestSessionIsReplacedBeforeItEnds(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		var want []string
		for i := range 20 {
			m := fmt.Sprint("e", i)
			want = append(want, m)
			w.emit(m)
			w.pass(10 * time.Minute)
		}
		w.cloud.want(want...)
		if n := w.cloud.count("AssumeRole"); n != 4 {
			t.Errorf("%d sessions of an hour in 200 minutes, want 4", n)
		}
	})
}

func TestNewStreamEachDay(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		for _, m := range []string{"a", "b", "c"} {
			w.emit(m)
			w.pass(24 * time.Hour)
		}
		w.cloud.want("a", "b", "c")
		if n := len(w.cloud.groups[groupName]); n != 3 {
			t.Errorf("%d streams after three days", n)
		}
	})
}

// A stranger who may write to the group writes to our stream: the token is not
// the expected one any more, and the batch is certainly not there.
func TestStrangerInTheStream(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		w.emit("a")
		w.pass(time.Second)
		w.cloud.stranger(groupName, "2000/01/01/test", "stranger")
		w.emit("b")
		w.pass(time.Second)
		w.cloud.want("a", "stranger", "b")
	})
}

// The stranger writes between a request that got no answer and its repetition:
// nothing is lost.
func TestStrangerAfterALostRequest(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		w.emit("a")
		w.pass(time.Second)
		w.network.mu.Lock()
		lost := w.network.seen
		w.network.faults[lost] = requestLost
		w.network.after = func(n int) {
			if n == lost {
				w.cloud.stranger(groupName, "2000/01/01/test", "stranger")
			}
		}
		w.network.mu.Unlock()
		w.emit("b")
		w.pass(time.Minute)
		w.cloud.want("a", "stranger", "b")
	})
}

func TestThrottled(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		left := 5
		w.cloud.answer = func(string) *refusal {
			if left--; left >= 0 {
				return &refusal{400, "ThrottlingException", "Rate exceeded"}
			}
			return nil
		}
		w.start()
		w.emit("a")
		w.pass(200 * time.Millisecond)
		if s := w.status(); s.LastError != "assume the role "+roleARN+": ThrottlingException: Rate exceeded" {
			t.Errorf("status %+v", s)
		}
		w.pass(time.Minute)
		w.cloud.want("a")
	})
}

func TestNetworkErrorIsReadable(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.network.faults[0] = requestLost
		w.start()
		w.emit("a")
		w.pass(200 * time.Millisecond)
		want := "assume the role " + roleARN + `: Post "http://127.0.0.1:8420/": the network is down`
		if s := w.status(); s.LastError != want {
			t.Errorf("reason %q\nwant   %q", s.LastError, want)
		}
	})
}

func TestRejectedEventsAreCounted(t *testing.T) {
	for _, tt := range []struct {
		name string
		info map[string]int
		want int64
	}{
		{"too old", map[string]int{"tooOldLogEventEndIndex": 2}, 2},
		{"expired", map[string]int{"expiredLogEventEndIndex": 3, "tooOldLogEventEndIndex": 1}, 3},
		{"too new", map[string]int{"tooNewLogEventStartIndex": 3}, 1},
		{"both ends", map[string]int{"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}, 3},
		{"all too new", map[string]int{"tooNewLogEventStartIndex": 0}, 4},
		{"beyond the batch", map[string]int{"expiredLogEventEndIndex": 9}, 4},
		{"none", map[string]int{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, strict, func(w *world) {
				w.cloud.reject = func(n int) (map[string]int, int, int) { return tt.info, 0, n }
				w.emit("a", "b", "c", "d")
				w.start()
				w.pass(time.Second)
				if s := w.status(); s.Rejected != tt.want || s.Published != 4-tt.want || s.Waiting != 0 {
					t.Errorf("status %+v, want %d rejected", s, tt.want)
				}
			})
		})
	}
}

func TestBatchLimits(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2000, 1, 1+day, 0, 0, 0, 0, time.UTC) }
	many := make([]spool.Event, 10_001)
	for i := range many {
		many[i] = spool.Event{ID: fmt.Sprint(i), Time: at(0), Blob: fmt.Append(nil, i)}
	}
	large := func(id string, size int) spool.Event {
		return spool.Event{ID: id, Time: at(0), Blob: []byte(strings.Repeat(id, size))}
	}
	for _, tt := range []struct {
		name     string
		events   []spool.Event
		sizes    []int
		rejected int64
	}{
		{"events", many, []int{10_000, 1}, 0},
		{"bytes", []spool.Event{large("a", 524_262), large("b", 524_262), large("c", 1)}, []int{2, 1}, 0},
		{"largest", []spool.Event{large("a", 1_048_550)}, []int{1}, 0},
		{"a byte too large", []spool.Event{large("a", 1_048_551)}, nil, 1},
		{"unsendable between others", []spool.Event{large("a", 1), large("b", 0), large("c", 1_048_551), large("d", 1)}, []int{1, 1}, 2},
		{"24 hours", []spool.Event{{ID: "a", Time: at(0), Blob: []byte("a")}, {ID: "b", Time: at(1), Blob: []byte("b")}}, []int{2}, 0},
		{"more", []spool.Event{{ID: "a", Time: at(1).Add(time.Millisecond), Blob: []byte("a")}, {ID: "b", Time: at(0), Blob: []byte("b")}}, []int{1, 1}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, strict, func(w *world) {
				w.commit(tt.events)
				w.start()
				w.pass(time.Minute)
				if !slices.Equal(w.cloud.sizes, tt.sizes) {
					t.Errorf("batches of %v events, want %v", w.cloud.sizes, tt.sizes)
				}
				s := w.status()
				if s.Rejected != tt.rejected || s.Published != int64(len(tt.events))-tt.rejected || s.Waiting != 0 {
					t.Errorf("status %+v, want %d rejected", s, tt.rejected)
				}
			})
		})
	}
}

// Within a batch events are in the order of their times, as the API demands;
// those of one millisecond keep the order of commitment.
func TestSortedWithinABatch(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		now := time.Now()
		w.commit([]spool.Event{
			{ID: "late", Time: now.Add(time.Second), Blob: []byte("late")},
			{ID: "z", Time: now.Add(900 * time.Microsecond), Blob: []byte("z")},
			{ID: "y", Time: now, Blob: []byte("y")},
		})
		w.start()
		w.pass(time.Second)
		w.cloud.want("z", "y", "late")
	})
}

func TestOrganizationsDoNotWaitForEachOther(t *testing.T) {
	inBubble(t, strict, func(w *world) {
		w.start()
		if err := w.spool.Commit(w.Context(), spool.Commit{Organization: "m-gone", Events: []spool.Event{{ID: "x", Time: time.Now(), Blob: []byte("x")}}}); err != nil {
			t.Fatal(err)
		}
		w.emit("a")
		w.pass(time.Second)
		w.cloud.want("a")
		if s, err := w.Status(w.Context(), "m-gone"); s.Waiting != 0 || err != nil {
			t.Errorf("events of an organization that is gone: %+v, %v", s, err)
		}
		if s, err := w.Status(w.Context(), "m-never"); s != (Status{}) || err != nil {
			t.Errorf("status of an organization never heard of: %+v, %v", s, err)
		}
	})
}
