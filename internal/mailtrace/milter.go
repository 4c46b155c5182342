package mailtrace

import (
	"strconv"
	"time"

	"waybill/internal/evidence"
)

const transactionPrefix = "t/"

// orphanTransaction waits for the log to show its message.
type orphanTransaction struct {
	Source string               `json:"s"`
	Host   string               `json:"h,omitempty"`
	Tx     evidence.Transaction `json:"tx"`
	Wake   time.Time            `json:"wake"`
}

func (o *orphanTransaction) id() string {
	return transactionPrefix + o.Source + "/" + o.Tx.QueueID + "/" + strconv.FormatInt(o.Tx.Received.UnixMicro(), 10)
}
func (o *orphanTransaction) wakeAt() time.Time { return o.Wake }

func (o *orphanTransaction) wake(m *Machine, now time.Time) {
	m.stats.Unmatched++
	m.remove(o)
}

func (o *orphanTransaction) attach(m *Machine) {
	m.stats.Waiting++
	k := queueKey(o.Source, o.Tx.QueueID)
	m.waiting[k] = append(m.waiting[k], o)
}

func (o *orphanTransaction) detach(m *Machine) {
	m.stats.Waiting--
	dropFrom(m.waiting, queueKey(o.Source, o.Tx.QueueID), o)
}

// transaction takes what a milter saw. One without a queue id never had a
// recipient accepted, and the log has each refusal.
func (m *Machine) transaction(now time.Time, rec evidence.Record, tx evidence.Transaction) {
	if tx.QueueID == "" {
		return
	}
	var best *message
	for _, msg := range m.byQueue[tx.QueueID] {
		if msg.Source != rec.Source || msg.Tx != nil || msg.How == unseen {
			continue
		}
		if msg.hasMessageID(tx) {
			best = msg
			break
		}
		if best == nil || distance(msg.Birth, tx) < distance(best.Birth, tx) {
			best = msg
		}
	}
	if best == nil {
		m.add(&orphanTransaction{Source: rec.Source, Host: rec.Host, Tx: tx, Wake: now.Add(m.cfg.Timeouts.Join)})
		return
	}
	m.joinTransaction(best, rec.Host, tx)
	m.step(best, now)
}

// claimTransaction gives a new message the waiting transaction nearest to its birth.
func (m *Machine) claimTransaction(msg *message) {
	if msg.How == unseen {
		return // it came before the evidence begins
	}
	var best *orphanTransaction
	for _, o := range m.waiting[queueKey(msg.Source, msg.QueueID)] {
		if best == nil || distance(msg.Birth, o.Tx) < distance(msg.Birth, best.Tx) {
			best = o
		}
	}
	if best != nil {
		m.joinTransaction(msg, best.Host, best.Tx)
		m.remove(best)
	}
}

func (m *Machine) joinTransaction(msg *message, host string, tx evidence.Transaction) {
	m.stats.Joined++
	msg.Tx, msg.TxHost = &tx, host
	if h := tx.Header; h != nil {
		m.messageID(msg, h.MessageID)
		m.linkByHeader(msg, h)
	}
}

// hasMessageID reports whether the transaction shows the message's own Message-ID,
// which tells better than time between two messages of one queue id.
func (msg *message) hasMessageID(tx evidence.Transaction) bool {
	return tx.Header != nil && msg.MessageID != "" && tx.Header.MessageID == msg.MessageID
}

// distance is how far a birth in the log, perhaps in whole seconds, lies outside the transaction.
func distance(birth time.Time, tx evidence.Transaction) time.Duration {
	if d := tx.Received.Sub(birth); d > 0 {
		return d
	}
	if d := birth.Sub(tx.Ended); d > 0 {
		return d
	}
	return 0
}
