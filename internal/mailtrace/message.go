package mailtrace

import (
	"slices"
	"time"

	"waybill/internal/evidence"
)

const messagePrefix = "m/"

// birth tells how a message was first seen.
type birth string

const (
	byClient  birth = "client"  // smtpd took it
	byPickup  birth = "pickup"  // local sendmail put it
	byCleanup birth = "cleanup" // no one brought it: the mail server made it itself
	unseen    birth = ""        // it was in the queue before the evidence begins
)

// message is one queue file and what is known of it: one row.
type message struct {
	// Key is messagePrefix and the id that its traces are made from.
	Key    string `json:"k"`
	Serial uint64 `json:"n"`
	// Source is the mail server's name.
	Source  string    `json:"s,omitempty"`
	QueueID string    `json:"q"`
	Host    string    `json:"h,omitempty"`
	Birth   time.Time `json:"b"`
	How     birth     `json:"how,omitempty"`

	Client    evidence.Client       `json:"client,omitzero"`
	Sender    string                `json:"from,omitempty"`
	MessageID string                `json:"mid,omitempty"`
	Subject   string                `json:"subj,omitempty"`
	Tx        *evidence.Transaction `json:"tx,omitempty"`
	TxHost    string                `json:"txh,omitempty"`

	// Accepted is when the queue manager showed the message, by the server's clock.
	Accepted time.Time `json:"acc,omitzero"`
	Count    int       `json:"cnt,omitempty"` // nrcpt
	Try      int       `json:"try,omitempty"` // times it was active
	Held     time.Time `json:"held,omitzero"`
	Refusal  *refusal  `json:"ref,omitempty"`
	Rules    []rule    `json:"rules,omitempty"`
	// Ruled and Refused number the rules and refusals published.
	Ruled   int `json:"nr,omitempty"`
	Refused int `json:"nf,omitempty"`

	// Until the message is released, what happened to it waits in Pending.
	Released bool                 `json:"rel,omitempty"`
	Traces   traces               `json:"tr,omitzero"`
	Pending  []outcome            `json:"pend,omitempty"`
	Rcpts    map[string]*delivery `json:"rcpts,omitempty"`
	Sessions []*session           `json:"sess,omitempty"`
	// Relayed are sent lines whose next hop may be one of our own messages.
	Relayed []outcome `json:"rly,omitempty"`

	Parent    string     `json:"par,omitempty"` // row key
	Link      link       `json:"link,omitempty"`
	Origin    string     `json:"orig,omitempty"` // wanted parent's queue id
	Children  []string   `json:"ch,omitempty"`   // row keys
	Expects   []string   `json:"exp,omitempty"`  // queue ids of notices
	Redirects []redirect `json:"redir,omitempty"`

	// In processing time: since when it waits for what, and when it ended.
	Born     time.Time `json:"t0"`
	Waits    time.Time `json:"t1,omitzero"`
	Last     time.Time `json:"t2"`
	Finished time.Time `json:"t3,omitzero"`
	Wake     time.Time `json:"wake,omitzero"`
}

// redirect is a Sieve redirect of this message.
type redirect struct {
	Target    string `json:"to"`
	MessageID string `json:"mid"`
}

func (msg *message) id() string        { return msg.Key }
func (msg *message) wakeAt() time.Time { return msg.Wake }

func (msg *message) wake(m *Machine, now time.Time) { m.step(msg, now) }

// name is the id that traces are made from.
func (msg *message) name() string { return msg.Key[len(messagePrefix):] }

func (msg *message) attach(m *Machine) {
	m.stats.Open++
	m.byQueue[msg.QueueID] = append(m.byQueue[msg.QueueID], msg)
	m.indexMessageID(msg)
	for _, s := range msg.Sessions {
		m.bySession[s.ID] = msg
	}
	for _, r := range msg.Redirects {
		m.byRedirect[redirectKey(r.Target, r.MessageID)] = msg
	}
	for _, id := range msg.Expects {
		m.expected[queueKey(msg.Source, id)] = msg
	}
	if msg.Origin != "" && msg.Parent == "" {
		m.wanted[msg.Origin] = append(m.wanted[msg.Origin], msg)
	}
}

func (msg *message) detach(m *Machine) {
	m.stats.Open--
	dropFrom(m.byQueue, msg.QueueID, msg)
	dropFrom(m.byID, msg.MessageID, msg)
	dropFrom(m.wanted, msg.Origin, msg)
	for _, s := range msg.Sessions {
		if m.bySession[s.ID] == msg {
			delete(m.bySession, s.ID)
		}
	}
	for _, r := range msg.Redirects {
		if k := redirectKey(r.Target, r.MessageID); m.byRedirect[k] == msg {
			delete(m.byRedirect, k)
		}
	}
	for _, id := range msg.Expects {
		if k := queueKey(msg.Source, id); m.expected[k] == msg {
			delete(m.expected, k)
		}
	}
}

func (m *Machine) indexMessageID(msg *message) {
	if msg.MessageID == "" {
		return
	}
	list := append(m.byID[msg.MessageID], msg)
	for i := len(list) - 1; i > 0 && list[i-1].Serial > msg.Serial; i-- {
		list[i-1], list[i] = list[i], list[i-1] // oldest first, as after a restart
	}
	m.byID[msg.MessageID] = list
}

func queueKey(source, queueID string) string { return source + "\x00" + queueID }

func redirectKey(target, messageID string) string { return target + "\x00" + messageID }

// dropFrom takes one entry out of an index's list, in place: who changes
// messages while going through a list goes through a copy.
func dropFrom[T comparable](index map[string][]T, key string, x T) {
	list := index[key]
	i := slices.Index(list, x)
	switch {
	case i < 0:
	case len(list) == 1:
		delete(index, key)
	default:
		index[key] = slices.Delete(list, i, i+1)
	}
}

// current is the message that a queue id stands for now, nil if none.
func (m *Machine) current(source, queueID string) *message {
	list := m.byQueue[queueID]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Source == source {
			if !list[i].Finished.IsZero() {
				return nil
			}
			return list[i]
		}
	}
	return nil
}

// open starts a message.
func (m *Machine) open(now time.Time, rec evidence.Record, queueID string, how birth) *message {
	m.serial++
	msg := &message{
		Key: messagePrefix + m.birthID(rec.Source, queueID, rec.Time), Serial: m.serial,
		Source: rec.Source, QueueID: queueID, Host: rec.Host, Birth: rec.Time, How: how, Born: now, Last: now,
	}
	if old, ok := m.rows[msg.Key]; ok {
		// Only evidence that is shown twice, or a server that breaks the rule of
		// birthID, gets here; the later one stands.
		m.remove(old)
	}
	m.add(msg)
	m.claimTransaction(msg)
	m.claimParent(msg)
	return msg
}

// messageFor finds the message that a log line with a queue id is about, or
// starts one that was not seen from the beginning.
func (m *Machine) messageFor(now time.Time, rec evidence.Record, queueID string, how birth) *message {
	if msg := m.current(rec.Source, queueID); msg != nil {
		return msg
	}
	return m.open(now, rec, queueID, how)
}

// freed ends a refused message whose queue id shows up again: there is no
// "removed" for what was never in the queue.
func (m *Machine) freed(now time.Time, rec evidence.Record, queueID string) {
	if msg := m.current(rec.Source, queueID); msg != nil && msg.Refusal != nil {
		msg.Finished = now
		m.step(msg, now)
	}
}
