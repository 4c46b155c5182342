package mailtrace

import (
	"slices"
	"strings"
	"time"

	"waybill/internal/evidence"
)

const sessionPrefix = "d/"

// dovecotFact is what one line of Dovecot's says that matters here.
type dovecotFact struct {
	Time time.Time `json:"t"`
	// Action is "saved" or a Sieve action.
	Action string `json:"a"`
	User   string `json:"u,omitempty"`
	// Target is the folder of a save, or the action's target.
	Target    string `json:"to,omitempty"`
	MessageID string `json:"mid,omitempty"`
	Rule      string `json:"r,omitempty"`
}

const saved = "saved"

// unnamed stands for the rule of an action that only a log line shows.
const unnamed = "sieve"

func savedFact(rec evidence.Record, f evidence.Saved) dovecotFact {
	return dovecotFact{Time: rec.Time, Action: saved, User: f.User, Target: f.Folder, MessageID: f.MessageID}
}

func sieveFact(rec evidence.Record, f evidence.SieveAction) dovecotFact {
	return dovecotFact{Time: rec.Time, Action: f.Action, User: f.User, Target: f.Target, MessageID: f.MessageID, Rule: sieveRule(f)}
}

// sieveRule names the rule as Pigeonhole does; a log line names none.
func sieveRule(f evidence.SieveAction) string {
	switch {
	case f.Script != "" && f.Location != "":
		return f.Script + ", " + f.Location
	case f.Script != "":
		return f.Script
	case f.Location != "":
		return f.Location
	}
	return unnamed
}

// key tells facts apart: one save or action may be shown by several lines, of
// which some lack the address.
func (f dovecotFact) key() string {
	switch f.Action {
	case "discard", "reject", "vacation":
		return f.Action
	}
	return f.Action + " " + f.Target
}

// session is one recipient's LMTP session in a message's row.
type session struct {
	ID string `json:"id"`
	// Recipient and Original are the delivery line's.
	Recipient string `json:"to"`
	Original  string `json:"orig,omitempty"`
	// Facts wait for the message's release.
	Facts []dovecotFact `json:"f,omitempty"`
	// Shown are the keys of the facts seen.
	Shown []string `json:"sh,omitempty"`
	// Acts are a released message's actions, which wait until Until for what else
	// the lines about them tell.
	Acts  []dovecotFact `json:"act,omitempty"`
	Until time.Time     `json:"until,omitzero"`
}

// orphanSession waits for the delivery line that names it.
type orphanSession struct {
	Session string        `json:"id"`
	Facts   []dovecotFact `json:"f"`
	Wake    time.Time     `json:"wake"`
}

func (o *orphanSession) id() string        { return sessionPrefix + o.Session }
func (o *orphanSession) wakeAt() time.Time { return o.Wake }
func (o *orphanSession) attach(m *Machine) { m.stats.Waiting++ }
func (o *orphanSession) detach(m *Machine) { m.stats.Waiting-- }

func (o *orphanSession) wake(m *Machine, now time.Time) {
	m.stats.Unmatched++
	m.remove(o)
}

// dovecot takes a fact of an LMTP session. What the event of a kept or filed
// message tells is a save as well.
func (m *Machine) dovecot(now time.Time, id string, f dovecotFact) {
	if id == "" {
		return
	}
	if (f.Action == "keep" || f.Action == "fileinto") && f.Target != "" {
		save := f
		save.Action, save.Rule = saved, ""
		m.dovecotFact(now, id, save)
	}
	if f.Action != "keep" {
		m.dovecotFact(now, id, f)
	}
}

func (m *Machine) dovecotFact(now time.Time, id string, f dovecotFact) {
	msg := m.bySession[id]
	if msg == nil {
		o, ok := m.rows[sessionPrefix+id].(*orphanSession)
		if !ok {
			o = &orphanSession{Session: id, Wake: now.Add(m.cfg.Timeouts.Join)}
			m.add(o)
		}
		o.Facts = append(o.Facts, f)
		m.touch(o)
		return
	}
	s := msg.session(id)
	m.sessionFact(msg, s, now, f)
	msg.Last = now
	m.step(msg, now)
}

func (msg *message) session(id string) *session {
	for _, s := range msg.Sessions {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// openSession joins a delivery line's session with the message.
func (m *Machine) openSession(msg *message, now time.Time, a evidence.Attempt) {
	id := a.Session
	if id == "" || m.bySession[id] != nil {
		return // a session belongs to the message that it was first named for
	}
	s := &session{ID: id, Recipient: a.Recipient, Original: a.OriginalRecipient}
	msg.Sessions = append(msg.Sessions, s)
	m.bySession[id] = msg
	o, ok := m.rows[sessionPrefix+id].(*orphanSession)
	if !ok {
		return
	}
	for _, f := range o.Facts {
		m.sessionFact(msg, s, now, f)
	}
	m.remove(o)
}

// sessionFact keeps a fact once, and knows of a redirect at once: what follows
// from it may be on its way already.
func (m *Machine) sessionFact(msg *message, s *session, now time.Time, f dovecotFact) {
	if slices.Contains(s.Shown, f.key()) {
		s.name(f)
		return
	}
	if len(s.Shown) == 0 {
		m.stats.Joined++
	}
	s.Shown = append(s.Shown, f.key())
	if f.Action == "redirect" {
		m.redirected(msg, now, f)
	}
	if msg.Released {
		m.mailbox(msg, s, now, f)
		return
	}
	s.Facts = append(s.Facts, f)
}

// name completes what is known of an action by another line about it.
func (s *session) name(f dovecotFact) {
	for _, list := range [][]dovecotFact{s.Facts, s.Acts} {
		for i := range list {
			if list[i].key() != f.key() {
				continue
			}
			if list[i].Rule == unnamed {
				list[i].Rule = f.Rule
			}
			if list[i].Target == "" {
				list[i].Target = f.Target
			}
		}
	}
}

// mailbox takes a fact of a released message.
func (m *Machine) mailbox(msg *message, s *session, now time.Time, f dovecotFact) {
	if f.Action == saved {
		m.delivered(msg, f.Time, s.outcome(f), f.Target, s.ID)
		return
	}
	if len(s.Acts) == 0 {
		s.Until = now.Add(m.cfg.Timeouts.Session)
	}
	s.Acts = append(s.Acts, f)
}

// hasSave reports whether a copy was saved.
func (s *session) hasSave() bool {
	for _, k := range s.Shown {
		if strings.HasPrefix(k, saved+" ") {
			return true
		}
	}
	return false
}

// outcome is what a fact tells of the recipient. The mailbox is Dovecot's user
// where that is an address, and the line's recipient where users are bare names.
func (s *session) outcome(f dovecotFact) outcome {
	o := outcome{Recipient: s.Recipient, Original: s.Original}
	if !strings.Contains(f.User, "@") || strings.EqualFold(f.User, s.Recipient) {
		return o
	}
	o.Recipient = f.User
	if o.Original == "" {
		o.Original = s.Recipient // such as alice+tag
	}
	return o
}

// settleSessions publishes actions whose lines have all been waited for. A
// discard only cancels the keep: with a copy saved nothing was thrown away.
func (m *Machine) settleSessions(msg *message, now time.Time) {
	for _, s := range msg.Sessions {
		if len(s.Acts) == 0 || !m.past(msg, now, s.Until) {
			continue
		}
		acts := s.Acts
		s.Acts = nil
		for _, f := range acts {
			if f.Action == "discard" && s.hasSave() {
				continue
			}
			m.mailboxRule(msg, s, f)
			if f.Action == "discard" {
				m.discarded(msg, f.Time, s.outcome(f), f.Rule, s.ID)
			}
		}
	}
}

// resolved reports whether Dovecot told of every session.
func (msg *message) resolved() bool {
	for _, s := range msg.Sessions {
		if len(s.Shown) == 0 {
			return false
		}
	}
	return true
}
