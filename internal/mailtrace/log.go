package mailtrace

import (
	"time"

	"waybill/internal/evidence"
)

// log takes a fact of a mail server's log.
func (m *Machine) log(now time.Time, rec evidence.Record) {
	var msg *message
	switch f := rec.Fact.(type) {
	case evidence.Client:
		msg = m.born(now, rec, f.QueueID, byClient)
		msg.Client = f
		m.wantOrigin(msg, f.OriginQueueID)
	case evidence.Pickup:
		msg = m.born(now, rec, f.QueueID, byPickup)
		msg.Sender = f.Sender
	case evidence.MessageID:
		if old := m.current(rec.Source, f.QueueID); old != nil && old.MessageID != "" {
			m.freed(now, rec, f.QueueID)
		}
		msg = m.messageFor(now, rec, f.QueueID, byCleanup)
		m.messageID(msg, f.ID)
		m.cameBack(msg, now)
	case evidence.Subject:
		msg = m.messageFor(now, rec, f.QueueID, byCleanup)
		msg.Subject = f.Text
	case evidence.Queued:
		m.freed(now, rec, f.QueueID)
		msg = m.messageFor(now, rec, f.QueueID, unseen)
		m.queued(msg, now, rec.Time, f)
	case evidence.Attempt:
		if f.Status == evidence.Deliverable || f.Status == evidence.Undelivered {
			return // a probe
		}
		msg = m.messageFor(now, rec, f.QueueID, unseen)
		m.accept(msg, now, rec.Time)
		m.attempt(msg, now, rec.Time, f)
	case evidence.Expired:
		msg = m.messageFor(now, rec, f.QueueID, unseen)
		m.happened(msg, now, outcome{Time: rec.Time, Status: expired})
	case evidence.Notification:
		msg = m.messageFor(now, rec, f.QueueID, unseen)
		m.expectNotice(msg, now, f.ChildID)
	case evidence.Released:
		msg = m.messageFor(now, rec, f.QueueID, unseen)
	case evidence.CleanupAction:
		if f.QueueID == "" {
			return
		}
		msg = m.messageFor(now, rec, f.QueueID, byCleanup)
		m.ruleSeen(msg, now, rec.Time, f)
	case evidence.Rejected:
		if f.QueueID == "" {
			m.refusedUnqueued(now, rec, f)
			return
		}
		msg = m.messageFor(now, rec, f.QueueID, unseen)
		m.refused(msg, now, rec.Time, f)
	case evidence.TooLarge:
		msg = m.messageFor(now, rec, f.QueueID, unseen)
		m.refusedWhole(msg, now, refusal{Time: rec.Time, Reason: "queue file size limit exceeded", Status: "5.3.4"})
	case evidence.Removed:
		if msg = m.current(rec.Source, f.QueueID); msg == nil {
			return
		}
		msg.Finished = now
	default:
		return
	}
	msg.Last = now
	m.step(msg, now)
}

// born starts a message whose arrival is shown. The queue id's former message
// is over, whatever was missed of its end.
func (m *Machine) born(now time.Time, rec evidence.Record, queueID string, how birth) *message {
	if old := m.current(rec.Source, queueID); old != nil {
		old.Finished = now
		m.step(old, now)
	}
	return m.open(now, rec, queueID, how)
}

// messageID keeps the first Message-ID; a header may have two.
func (m *Machine) messageID(msg *message, id string) {
	if msg.MessageID != "" || id == "" {
		return
	}
	msg.MessageID = id
	m.indexMessageID(msg)
}

func (m *Machine) queued(msg *message, now, at time.Time, f evidence.Queued) {
	msg.Sender = f.Sender
	msg.Count = max(msg.Count, f.Recipients)
	msg.Try++
	m.accept(msg, now, at)
}

// accept notes that the message is in the queue.
func (m *Machine) accept(msg *message, now, at time.Time) {
	if msg.Accepted.IsZero() {
		msg.Accepted, msg.Waits = at, now
	}
}
