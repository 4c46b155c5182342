package mailtrace

import (
	"slices"
	"time"

	"waybill/internal/evidence"
)

// link tells why a message continues another one's trace.
type link string

const (
	linkFilter   link = "filter"   // a content filter handed it back, or local(8) forwarded it
	linkRedirect link = "redirect" // a Sieve script sent it on
	linkNotice   link = "notice"   // bounce(8) wrote it about the other
)

// parent is the row that the message continues, if it is still there.
func (m *Machine) parent(msg *message) (*message, bool) {
	if msg.Parent == "" {
		return nil, false
	}
	p, ok := m.rows[msg.Parent].(*message)
	return p, ok
}

// join makes child continue parent's trace.
func (m *Machine) join(parent, child *message, how link, now time.Time) {
	if child == nil || parent == nil || child == parent || child.Parent != "" || child.Released || m.descends(parent, child) {
		return
	}
	m.stats.Joined++
	child.Parent, child.Link = parent.Key, how
	dropFrom(m.wanted, child.Origin, child)
	child.Origin = ""
	parent.Children = append(parent.Children, child.Key)
	m.touch(parent)
	m.step(child, now)
}

// descends reports whether msg continues ancestor.
func (m *Machine) descends(msg, ancestor *message) bool {
	for range 100 {
		p, ok := m.parent(msg)
		if !ok {
			return false
		}
		if p == ancestor {
			return true
		}
		msg = p
	}
	return true
}

// inherit takes over the parent's traces.
func (m *Machine) inherit(msg, parent *message) {
	msg.Traces = parent.Traces
	switch msg.Link {
	case linkNotice:
		msg.Traces.Notice = true
	case linkRedirect:
		msg.Traces.Forward = true
	case linkFilter:
		msg.Traces.Filtered = true
	}
}

func (m *Machine) stepChildren(msg *message, now time.Time) {
	for _, key := range msg.Children {
		if child, ok := m.rows[key].(*message); ok {
			m.step(child, now)
		}
	}
}

// mayBeLinked reports whether a message without a parent may still get one: the
// server made it itself, or it wants a queue id not yet seen, or another message
// with its Message-ID came first. An authenticated user's is nobody's continuation.
func (m *Machine) mayBeLinked(msg *message) bool {
	switch {
	case msg.Parent != "" || msg.How == unseen || msg.authenticated() != "":
		return false
	case msg.How == byCleanup || msg.Origin != "":
		return true
	}
	for _, other := range m.byID[msg.MessageID] {
		if other.Serial < msg.Serial && other.Parent != msg.Key {
			return true
		}
	}
	return false
}

// wantOrigin links a message that came back with XFORWARD's queue id.
func (m *Machine) wantOrigin(msg *message, queueID string) {
	if queueID == "" || msg.Parent != "" {
		return
	}
	if p := m.newest(queueID, msg); p != nil {
		m.join(p, msg, linkFilter, msg.Born)
		return
	}
	msg.Origin = queueID
	m.wanted[queueID] = append(m.wanted[queueID], msg)
}

// newest is the newest message of a queue id on the same mail server, or else
// on any other: filters stand between servers too.
func (m *Machine) newest(queueID string, not *message) *message {
	var best *message
	for _, msg := range m.byQueue[queueID] {
		if msg != not && (best == nil || msg.Source == not.Source || best.Source != not.Source) {
			best = msg
		}
	}
	return best
}

// claimParent links a new message with one that already spoke of it.
func (m *Machine) claimParent(msg *message) {
	k := queueKey(msg.Source, msg.QueueID)
	if p := m.expected[k]; p != nil && msg.How == byCleanup {
		delete(m.expected, k)
		p.Expects = remove(p.Expects, msg.QueueID)
		m.touch(p)
		m.join(p, msg, linkNotice, msg.Born)
	}
	for _, child := range slices.Clone(m.wanted[msg.QueueID]) {
		m.join(msg, child, linkFilter, msg.Born)
	}
}

// expectNotice takes "sender non-delivery notification: CHILD".
func (m *Machine) expectNotice(msg *message, now time.Time, childID string) {
	for _, child := range m.byQueue[childID] {
		if child.Source == msg.Source && child.How == byCleanup && child.Parent == "" && !child.Released {
			m.join(msg, child, linkNotice, now)
			return
		}
	}
	k := queueKey(msg.Source, childID)
	if old := m.expected[k]; old != nil {
		old.Expects = remove(old.Expects, childID)
		m.touch(old)
	}
	msg.Expects = append(msg.Expects, childID)
	m.expected[k] = msg
}

// linkNext takes a sent line's "queued as ID". Outside servers say so too: the
// message of that id must have the same Message-ID.
func (m *Machine) linkNext(msg *message, now time.Time, o outcome) {
	if child := m.next(msg, o); child != nil {
		m.join(msg, child, linkFilter, now)
	}
}

func (m *Machine) next(msg *message, o outcome) *message {
	for i := len(m.byQueue[o.Next]) - 1; i >= 0; i-- {
		child := m.byQueue[o.Next][i]
		if child != msg && (child.Parent == msg.Key || child.MessageID != "" && child.MessageID == msg.MessageID) {
			return child
		}
	}
	return nil
}

// isHop reports whether a sent line only handed the message to its next queue
// id among our own. From a filter on this machine the line may come first.
func (m *Machine) isHop(msg *message, now time.Time, o outcome) bool {
	if o.Next == "" {
		return false
	}
	if m.next(msg, o) != nil {
		return true
	}
	if !o.Until.IsZero() || !isLoopback(o.Relay) && o.Agent != "local" {
		return false
	}
	o.Until = now.Add(m.cfg.Timeouts.Link)
	msg.Relayed = append(msg.Relayed, o)
	return true
}

// cameBack tells messages that were sent on under this Message-ID.
func (m *Machine) cameBack(msg *message, now time.Time) {
	for _, other := range slices.Clone(m.byID[msg.MessageID]) {
		if other != msg && len(other.Relayed) > 0 {
			m.step(other, now)
		}
	}
}

// settleRelayed publishes sent lines whose next hop has not shown up.
func (m *Machine) settleRelayed(msg *message, now time.Time) {
	list := msg.Relayed
	msg.Relayed = nil
	for _, o := range list {
		switch {
		case m.next(msg, o) != nil:
			m.linkNext(msg, now, o)
		case m.past(msg, now, o.Until):
			m.publishSent(msg, now, o)
		default:
			msg.Relayed = append(msg.Relayed, o)
		}
	}
}

// redirected notes a Sieve redirect; the message it made has the same Message-ID
// and the rule's target as its recipient.
func (m *Machine) redirected(msg *message, now time.Time, f dovecotFact) {
	id := f.MessageID
	if id == "" {
		id = msg.MessageID
	}
	if id == "" {
		return
	}
	if k := redirectKey(f.Target, id); m.byRedirect[k] == nil {
		msg.Redirects = append(msg.Redirects, redirect{f.Target, id})
		m.byRedirect[k] = msg
	}
	for _, child := range slices.Clone(m.byID[id]) {
		if child != msg && !child.Released {
			m.linkRedirected(child, now)
		}
	}
}

// linkRedirected joins a message with the Sieve redirect that made it.
func (m *Machine) linkRedirected(msg *message, now time.Time) {
	if msg.Parent != "" || msg.Released || msg.MessageID == "" || msg.authenticated() != "" {
		return
	}
	try := func(address string) {
		if p := m.byRedirect[redirectKey(address, msg.MessageID)]; p != nil && p.Serial < msg.Serial {
			m.join(p, msg, linkRedirect, now)
		}
	}
	if msg.Tx != nil {
		for _, r := range msg.Tx.Recipients {
			try(r.Address)
		}
	}
	for _, o := range msg.Pending {
		try(o.intended())
	}
}

// linkByHeader joins a message with the one its own header names: the LMTP
// session that redirected it, or the message a notice is about.
func (m *Machine) linkByHeader(msg *message, h *evidence.Header) {
	if h.ParentQueueID != "" && msg.Sender == "" && msg.How == byCleanup {
		if p := m.newest(h.ParentQueueID, msg); p != nil && p.Source == msg.Source {
			m.join(p, msg, linkNotice, msg.Born)
		}
	}
	for _, id := range h.ReceivedSessions {
		if p := m.bySession[id]; p != nil && p != msg {
			m.join(p, msg, linkRedirect, msg.Born)
		}
	}
}

func remove(list []string, s string) []string {
	if i := slices.Index(list, s); i >= 0 {
		return slices.Delete(slices.Clone(list), i, i+1)
	}
	return list
}
