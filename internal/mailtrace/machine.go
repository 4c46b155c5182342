// Package mailtrace joins evidence into mail events. It is a pure state machine:
// evidence and a clock in, events and changed rows out; no I/O, no goroutines.
//
// No single source tells a message's story (mail server logs know the queue and
// each recipient's outcome, a milter the header and the verdicts, Dovecot the
// folder), so the machine keeps one row for each open message and joins
//
//   - the milter's transaction by queue id and the time nearest to the message's birth,
//   - Dovecot's evidence by LMTP session id,
//   - messages that follow from one another (content filter, Sieve redirect,
//     notices) by queue ids, or by Message-ID and redirect target together,
//
// in whatever order they come. What a message's events depend on is waited for,
// a short while each (Timeouts), in processing time, so that a backlog replays
// right; the events carry the server's own time. When all of that is known the
// message is released: its direction and trace are decided and what was waiting
// is emitted. Trace and event ids are hashes of the evidence, so that a replay
// gives the same ones.
//
// A message of an organization's user has an outgoing trace; what comes for its
// own domains has an incoming trace; a message from user to user has both,
// joined by the Message-ID.
package mailtrace

import (
	"time"

	"waybill/internal/event"
	"waybill/internal/evidence"
)

// Config says whose mail it is and what can be expected of the sources.
type Config struct {
	OrganizationID string
	// Domains are the organization's mail domains.
	Domains []string
	// AuthservIDs are the authserv-ids of the organization's own filters
	// (RFC 8601 section 2.5); fields of others are the sender's claim. When empty,
	// a host of the mail server's own name or of a name in Domains is taken for its own.
	AuthservIDs []string
	// JournalAddresses are where copies of all mail go (always_bcc, recipient_bcc_maps).
	JournalAddresses []string
	// Servers names the mail server that each source (evidence.Record.Source)
	// watches: the log and the milter of one server belong together, and queue
	// ids are unique only within it. A source that is not listed, and every
	// source of an organization with one server, is the server "".
	Servers map[string]string
	// HasMilter and HasDovecot say that such a source is configured, and with it
	// what is worth waiting for.
	HasMilter, HasDovecot bool
	Timeouts              Timeouts
}

// Timeouts are how long, in processing time, the machine waits. Zero is the default.
type Timeouts struct {
	// Milter is how long a message in the queue waits for its transaction (10 s).
	Milter time.Duration
	// Recipients is how long it waits, without a transaction, for the delivery
	// lines that name its recipients (30 s).
	Recipients time.Duration
	// Link is how long a message that looks like the continuation of another one
	// waits to be joined with it, and a message put on hold for its refusal (10 s).
	Link time.Duration
	// Session is how long a Sieve action waits for Dovecot's other lines about it:
	// its rule's name, and a copy that was saved although it says discard (5 s).
	Session time.Duration
	// Join is how long milter and Dovecot evidence waits for its message, and a
	// finished message for Dovecot's evidence (15 min).
	Join time.Duration
	// Linger is how long a finished message stays for late lines (1 min).
	Linger time.Duration
	// Unqueued is after how long a message that never got into the queue is given
	// up: its connection was lost (2 h).
	Unqueued time.Duration
	// Idle is after how long without any evidence a queued message is given up (7 days).
	Idle time.Duration
}

func (t Timeouts) withDefaults() Timeouts {
	for _, d := range []struct {
		p   *time.Duration
		def time.Duration
	}{
		{&t.Milter, 10 * time.Second}, {&t.Recipients, 30 * time.Second}, {&t.Link, 10 * time.Second},
		{&t.Session, 5 * time.Second}, {&t.Join, 15 * time.Minute}, {&t.Linger, time.Minute},
		{&t.Unqueued, 2 * time.Hour}, {&t.Idle, 7 * 24 * time.Hour},
	} {
		if *d.p == 0 {
			*d.p = d.def
		}
	}
	return t
}

// Emitted is one mail event to publish.
type Emitted struct {
	// ID is 32 hexadecimal digits, the same whenever the same evidence is replayed.
	ID    string
	Time  time.Time
	Event event.Event
}

// Changes is what to write in one transaction with the evidence's cursor.
type Changes struct {
	Put    map[string][]byte
	Delete []string
	Events []Emitted
}

// Stats counts what the machine did since New, and what it holds.
type Stats struct {
	// Open is the number of messages held; Waiting that of transactions and
	// sessions without a message.
	Open, Waiting int
	// Joined counts transactions, sessions and follow-up messages joined;
	// TimedOut messages given up before their evidence was complete; Unmatched
	// evidence that no message ever claimed.
	Joined, TimedOut, Unmatched int
	// Gaps counts evidence.Gap records.
	Gaps int
}

// Machine is the state of one organization. It is not safe for concurrent use.
type Machine struct {
	cfg     Config
	own     map[string]bool
	journal map[string]bool
	authids map[string]bool

	rows  map[string]row
	saved map[string]bool // keys the store has
	dirty map[string]bool
	due   dueHeap

	byQueue    map[string][]*message // queue id; oldest first, all sources
	bySession  map[string]*message
	byID       map[string][]*message // Message-ID
	byRedirect map[string]*message   // redirect target and Message-ID
	expected   map[string]*message   // source and queue id of a child not yet seen
	wanted     map[string][]*message // queue id of a parent not yet seen
	waiting    map[string][]*orphanTransaction

	serial uint64 // of the newest message
	events []Emitted
	stats  Stats
}

// New makes an empty machine.
func New(cfg Config) *Machine {
	cfg.Timeouts = cfg.Timeouts.withDefaults()
	return &Machine{
		cfg: cfg, own: set(cfg.Domains), journal: set(cfg.JournalAddresses), authids: set(cfg.AuthservIDs),
		rows: map[string]row{}, saved: map[string]bool{}, dirty: map[string]bool{},
		byQueue: map[string][]*message{}, bySession: map[string]*message{}, byID: map[string][]*message{},
		byRedirect: map[string]*message{}, expected: map[string]*message{}, wanted: map[string][]*message{},
		waiting: map[string][]*orphanTransaction{}, due: dueHeap{byKey: map[string]*dueEntry{}},
	}
}

// Apply takes one record at processing time now, which never goes back. Records
// of one source come in the order the source showed them.
func (m *Machine) Apply(now time.Time, rec evidence.Record) {
	m.Advance(now)
	rec.Source = m.cfg.Servers[rec.Source]
	switch f := rec.Fact.(type) {
	case evidence.Transaction:
		m.transaction(now, rec, f)
	case evidence.Saved:
		m.dovecot(now, f.Session, savedFact(rec, f))
	case evidence.SieveAction:
		m.dovecot(now, f.Session, sieveFact(rec, f))
	case evidence.StoreFailed, evidence.DeliveryFinished:
		// The mail server's own line has the outcome and its reason.
	case evidence.Gap:
		m.stats.Gaps++
	default:
		m.log(now, rec)
	}
}

// Advance does what is due at now.
func (m *Machine) Advance(now time.Time) {
	for {
		key, ok := m.due.pop(now)
		if !ok {
			return
		}
		m.rows[key].wake(m, now)
	}
}

// Next returns when Advance has something to do.
func (m *Machine) Next() (deadline time.Time, ok bool) { return m.due.next() }

// Stats returns the counters.
func (m *Machine) Stats() Stats { return m.stats }
