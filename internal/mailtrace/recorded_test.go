package mailtrace

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waybill/internal/capture/dovecot"
	"waybill/internal/capture/logline"
	"waybill/internal/capture/milter/tracer"
	"waybill/internal/capture/postfix"
	"waybill/internal/event"
	"waybill/internal/evidence"
)

var update = flag.Bool("update", false, "write the golden files of this package")

const testOrg = "m-0123456789abcdef0123456789abcdef"

// recordedConfig is the configuration under which the scenarios were recorded.
func recordedConfig() Config {
	return Config{OrganizationID: testOrg, Domains: []string{"example.com"}, HasMilter: true, HasDovecot: true}
}

// scenario is one recorded run, source by source.
type scenario struct{ log, dovecot, milter []evidence.Record }

func recordedNames(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob("testdata/recorded/*/maillog")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recorded scenarios (%v)", err)
	}
	var names []string
	for _, d := range dirs {
		names = append(names, filepath.Base(filepath.Dir(d)))
	}
	return names
}

func loadScenario(t testing.TB, name string) scenario {
	t.Helper()
	s := scenario{log: readRecords(t, name, "log", "maillog", postfix.Parse), dovecot: readRecords(t, name, "dovecot", "dovecot", dovecot.Parse)}
	milter, err := tracer.Replay(readLines(t, name, "tracer"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range milter {
		milter[i].Source = "milter"
	}
	s.milter = milter
	return s
}

// lineParser is a mail server's parser.
type lineParser func(string, logline.Clock, []evidence.Record) ([]evidence.Record, logline.Outcome)

// recordedClock reads the recordings' stamps.
var recordedClock = logline.Clock{Zone: time.UTC, Now: func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }}

func readRecords(t testing.TB, name, source, file string, parse lineParser) (records []evidence.Record) {
	t.Helper()
	for _, line := range readLines(t, name, file) {
		records, _ = parse(line, recordedClock, records)
	}
	for i := range records {
		records[i].Source = source
	}
	return records
}

func readLines(t testing.TB, name, file string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/recorded", name, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// merged is the evidence in the order of its stamps, each source in its own order.
func (s scenario) merged() []evidence.Record {
	all := slices.Concat(s.milter, s.log, s.dovecot)
	// A stamp in whole seconds stands for the end of its second, or what has
	// fractions would always come later.
	at := func(r evidence.Record) time.Time {
		if r.Time.Nanosecond() == 0 {
			return r.Time.Add(time.Second - 1)
		}
		return r.Time
	}
	sort.SliceStable(all, func(i, j int) bool { return at(all[i]).Before(at(all[j])) })
	return all
}

// run feeds records at their own times and then lets everything time out.
func run(m *Machine, records []evidence.Record) []Emitted {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for _, r := range records {
		m.Apply(now, r)
	}
	return append(m.Take().Events, drain(m)...)
}

// drain wakes the machine until nothing is due any more.
func drain(m *Machine) (events []Emitted) {
	for {
		at, ok := m.Next()
		if !ok {
			return events
		}
		m.Advance(at)
		events = append(events, m.Take().Events...)
	}
}

// lines writes events as they are published, one a line.
func lines(t testing.TB, events []Emitted) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range events {
		data, err := event.Marshal(e.Event)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func TestRecorded(t *testing.T) {
	for _, name := range recordedNames(t) {
		t.Run(name, func(t *testing.T) {
			s := loadScenario(t, name)
			m := New(recordedConfig())
			events := run(m, s.merged())
			check(t, events)
			golden(t, filepath.Join("testdata/recorded", name, "expected"), lines(t, events))
			if open := m.Stats().Open; open != 0 {
				t.Errorf("%d messages are still held after everything timed out", open)
			}
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// check holds what is true of any run's events.
func check(t *testing.T, events []Emitted) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range events {
		if err := e.Event.Validate(); err != nil {
			t.Error(err)
		}
		if seen[e.ID] {
			t.Errorf("event id %s twice, now %s", e.ID, e.Event.Name())
		}
		seen[e.ID] = true
		if e.Time.UnixMilli() != e.Event.Timestamp {
			t.Errorf("%s: time %s is not its timestamp %d", e.Event.Name(), e.Time, e.Event.Timestamp)
		}
	}
}

// asSet is the events with their ids, in no order.
func asSet(t testing.TB, events []Emitted) []string {
	t.Helper()
	var list []string
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s %s", e.ID, lines(t, []Emitted{e})))
	}
	sort.Strings(list)
	return list
}

// TestRecordedOrders feeds the sources one after the other, in every order:
// which source is read first must not matter.
func TestRecordedOrders(t *testing.T) {
	for _, name := range recordedNames(t) {
		t.Run(name, func(t *testing.T) {
			s := loadScenario(t, name)
			want := asSet(t, run(New(recordedConfig()), s.merged()))
			for order, records := range map[string][]evidence.Record{
				"log, dovecot, milter": slices.Concat(s.log, s.dovecot, s.milter),
				"log, milter, dovecot": slices.Concat(s.log, s.milter, s.dovecot),
				"dovecot, log, milter": slices.Concat(s.dovecot, s.log, s.milter),
				"dovecot, milter, log": slices.Concat(s.dovecot, s.milter, s.log),
				"milter, log, dovecot": slices.Concat(s.milter, s.log, s.dovecot),
				"milter, dovecot, log": slices.Concat(s.milter, s.dovecot, s.log),
			} {
				if diff := cmp.Diff(want, asSet(t, run(New(recordedConfig()), records))); diff != "" {
					t.Errorf("%s (-by stamps +this order):\n%s", order, diff)
				}
			}
		})
	}
}

// TestRecordedRestart stops and restores the machine after every record.
func TestRecordedRestart(t *testing.T) {
	for _, name := range recordedNames(t) {
		t.Run(name, func(t *testing.T) {
			records := loadScenario(t, name).merged()
			whole := run(New(recordedConfig()), records)
			now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
			s := newStore(t, recordedConfig())
			for _, r := range records {
				s.m.Apply(now, r)
				s.restart()
			}
			s.drain(true)
			if diff := cmp.Diff(string(lines(t, whole)), string(lines(t, s.events))); diff != "" {
				t.Errorf("restarting at every step changes the events (-whole +restarted):\n%s", diff)
			}
		})
	}
}

// store keeps a machine's rows as the spool does.
type store struct {
	t      testing.TB
	cfg    Config
	m      *Machine
	rows   map[string][]byte
	events []Emitted
}

func newStore(t testing.TB, cfg Config) *store {
	return &store{t: t, cfg: cfg, m: New(cfg), rows: map[string][]byte{}}
}

func (s *store) commit() {
	c := s.m.Take()
	for k, v := range c.Put {
		s.rows[k] = v
	}
	for _, k := range c.Delete {
		if _, ok := s.rows[k]; !ok {
			s.t.Errorf("Take deletes row %s, which was never put", k)
		}
		delete(s.rows, k)
	}
	s.events = append(s.events, c.Events...)
}

func (s *store) restart() {
	s.commit()
	s.m = New(s.cfg)
	if err := s.m.Restore(s.rows); err != nil {
		s.t.Fatal(err)
	}
}

// drain wakes the machine until nothing is due any more.
func (s *store) drain(restart bool) {
	for {
		at, ok := s.m.Next()
		if !ok {
			s.commit()
			return
		}
		s.m.Advance(at)
		s.commit()
		if restart {
			s.restart()
		}
	}
}

// TestRecordedLogOnly reads the Postfix logs alone, as where no milter and no
// Dovecot is configured: testdata/log-only has what they tell, in short.
func TestRecordedLogOnly(t *testing.T) {
	var out strings.Builder
	for _, name := range recordedNames(t) {
		m := New(Config{OrganizationID: testOrg, Domains: []string{"example.com"}})
		events := run(m, loadScenario(t, name).log)
		check(t, events)
		fmt.Fprintf(&out, "== %s\n", name)
		traces := numbering{}
		for _, e := range events {
			out.WriteString(traces.short(t, e))
		}
	}
	golden(t, "testdata/log-only", []byte(out.String()))
}

// TestRecordedExportedEvents takes Dovecot's exported events, which name the
// rules, in place of its log: testdata/exported-events has what they tell, in short.
func TestRecordedExportedEvents(t *testing.T) {
	var out strings.Builder
	for _, name := range recordedNames(t) {
		if _, err := os.Stat(filepath.Join("testdata/recorded", name, "events")); err != nil {
			continue // nothing reached Dovecot
		}
		s := loadScenario(t, name)
		s.dovecot = readRecords(t, name, "dovecot", "events", dovecot.Parse)
		events := run(New(recordedConfig()), s.merged())
		check(t, events)
		fmt.Fprintf(&out, "== %s\n", name)
		traces := numbering{}
		for _, e := range events {
			switch e.Event.Name() {
			case event.NameDelivered, event.NameDiscarded, event.NameRuleApplied, event.NameIncomingBounced:
				out.WriteString(traces.short(t, e))
			}
		}
	}
	golden(t, "testdata/exported-events", []byte(out.String()))
}

// numbering numbers traces as they appear.
type numbering map[string]int

// short writes an event as "TIME TRACE NAME {FIELDS}".
func (n numbering) short(t testing.TB, e Emitted) string {
	t.Helper()
	data, err := event.Marshal(e.Event)
	if err != nil {
		t.Fatal(err)
	}
	if n[e.Event.TraceID] == 0 {
		n[e.Event.TraceID] = len(n) + 1
	}
	_, body, _ := strings.Cut(string(data), `"event":{"eventName":`)
	name, fields, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(body, "}"), `"`), `",`)
	return fmt.Sprintf("%s trace%d %s {%s\n", e.Time.Format("15:04:05"), n[e.Event.TraceID], name, fields)
}
