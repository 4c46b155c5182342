package mailtrace

import "time"

// step does whatever has become possible for the message, and sets when to look again.
func (m *Machine) step(msg *message, now time.Time) {
	if m.rows[msg.Key] != msg {
		return
	}
	msg.Wake = time.Time{}
	m.linkRedirected(msg, now)
	if msg.Refusal != nil {
		m.publishRefusal(msg, now)
	}
	m.release(msg, now)
	if msg.Released {
		m.settleRelayed(msg, now)
		m.settleSessions(msg, now)
	}
	if m.isOver(msg, now) {
		m.remove(msg)
		return
	}
	m.touch(msg)
}

// past reports whether the time has come, and asks to be woken then if not.
func (m *Machine) past(msg *message, now, at time.Time) bool {
	if !now.Before(at) {
		return true
	}
	if msg.Wake.IsZero() || at.Before(msg.Wake) {
		msg.Wake = at
	}
	return false
}

// isOver reports whether nothing more is to be expected of the message.
func (m *Machine) isOver(msg *message, now time.Time) bool {
	t := m.cfg.Timeouts
	switch {
	case !msg.Finished.IsZero():
		complete := msg.isSettled() && (!m.cfg.HasDovecot || msg.resolved())
		if complete {
			return m.past(msg, now, msg.Finished.Add(t.Linger))
		}
		if !m.past(msg, now, msg.Finished.Add(t.Join)) {
			return false
		}
	case msg.Refusal != nil && msg.Refusal.Published:
		return m.past(msg, now, msg.Waits.Add(t.Linger))
	case msg.isQueued():
		if !m.past(msg, now, msg.Last.Add(t.Idle)) {
			return false
		}
	default:
		if !m.past(msg, now, msg.Last.Add(t.Unqueued)) {
			return false
		}
	}
	m.stats.TimedOut++
	return true
}

// isSettled reports whether all that is known of the message is published.
func (msg *message) isSettled() bool {
	for _, s := range msg.Sessions {
		if len(s.Acts) > 0 {
			return false
		}
	}
	return (msg.Released || msg.Refusal != nil && msg.Refusal.Published) && len(msg.Relayed) == 0
}

func (msg *message) isQueued() bool { return !msg.Accepted.IsZero() || !msg.Held.IsZero() }
