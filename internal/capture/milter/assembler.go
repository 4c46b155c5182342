// Package milter observes mail through the milter protocol (version 6) of
// Postfix: it takes note of envelopes and headers and never changes, refuses or
// holds up a message.
package milter

import (
	"strings"
	"time"

	"waybill/internal/evidence"
)

// Macros looks up a milter macro by its name as Postfix spells it ("i",
// "{auth_authen}"); the empty string stands for a macro that is not set.
type Macros func(name string) string

// Assembler puts the callbacks of one milter connection together into
// transactions. It knows nothing of the wire: the server and the replay of
// recorded callbacks drive it alike. It is not safe for concurrent use.
type Assembler struct {
	// Emit takes each finished transaction and the name of the host that saw
	// it (macro "j"). A transaction ends with the end of the message, an abort
	// after the first recipient, or the end of the connection.
	Emit func(host string, tx evidence.Transaction)
	// Reports asks for the body of delivery status notifications, to find the
	// message they are about.
	Reports bool

	host   string
	client clientInfo
	tx     *evidence.Transaction
	header headerCollector
	report *reportScanner
}

type clientInfo struct{ name, address string }

// Connect begins an SMTP session: host is the client's verified name or its
// address in brackets.
func (a *Assembler) Connect(host, address string, m Macros) {
	a.client = clientInfo{name: clientName(host, m), address: address}
	a.host = m("j")
}

// clientName prefers {client_name}, which says "unknown" as the log does.
func clientName(host string, m Macros) string {
	if name := m("{client_name}"); name != "" {
		return name
	}
	if strings.HasPrefix(host, "[") {
		return "unknown"
	}
	return host
}

// Mail begins a transaction.
func (a *Assembler) Mail(at time.Time, sender, args string, m Macros) {
	a.end(at, false)
	a.tx = &evidence.Transaction{
		QueueID:       m("i"),
		ClientName:    a.client.name,
		ClientAddress: a.client.address,
		AuthUser:      valid(m("{auth_authen}")),
		Daemon:        m("{daemon_name}"),
		Sender:        valid(sender),
		EnvelopeID:    valid(argument(args, "ENVID")),
		Received:      at,
	}
}

// argument finds "NAME=value" among ESMTP arguments.
func argument(args, name string) string {
	for arg := range strings.FieldsSeq(args) {
		if key, value, ok := strings.Cut(arg, "="); ok && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// maxRecipients bounds what one transaction keeps; Postfix's
// smtpd_recipient_limit is 1,000 by default.
const maxRecipients = 50_000

// Rcpt adds a recipient, refused ones included (SMFIP_RCPT_REJ).
func (a *Assembler) Rcpt(to string, m Macros) {
	if a.tx == nil || len(a.tx.Recipients) == maxRecipients {
		return
	}
	a.queueID(m)
	r := evidence.MilterRecipient{Address: valid(to), Mailer: m("{rcpt_mailer}"), Host: valid(m("{rcpt_host}"))}
	if r.Refused() {
		r.Reason = valid(m("{rcpt_addr}"))
	}
	a.tx.Recipients = append(a.tx.Recipients, r)
}

// Data is the DATA command, which is where Postfix first tells the queue id of
// a message with one recipient.
func (a *Assembler) Data(m Macros) {
	if a.tx != nil {
		a.queueID(m)
	}
}

// Header adds a header field as it is shown: folded and undecoded.
func (a *Assembler) Header(name, value string) {
	if a.tx != nil {
		a.header.add(name, value)
	}
}

// EndOfHeader says that the header is complete. It reports whether the body is
// wanted.
func (a *Assembler) EndOfHeader(m Macros) bool {
	if a.tx == nil {
		return false
	}
	a.queueID(m)
	if a.Reports && a.header.isDeliveryReport() {
		a.report = &reportScanner{}
	}
	return a.report != nil
}

// Body shows a part of the body. It reports whether more is wanted.
func (a *Assembler) Body(chunk []byte) bool {
	return a.report != nil && a.report.write(chunk)
}

// EndOfMessage completes the transaction.
func (a *Assembler) EndOfMessage(at time.Time, m Macros) {
	if a.tx == nil {
		return
	}
	a.queueID(m)
	a.end(at, true)
}

// Abort ends a transaction before its end; Postfix also sends one after every
// complete message, when there is nothing left to end.
func (a *Assembler) Abort(at time.Time, m Macros) {
	if a.tx == nil {
		return
	}
	a.queueID(m)
	a.end(at, false)
}

// Close ends the connection.
func (a *Assembler) Close(at time.Time) {
	a.end(at, false)
	a.client = clientInfo{}
}

func (a *Assembler) queueID(m Macros) {
	if id := m("i"); id != "" {
		a.tx.QueueID = id
	}
}

// end hands the transaction out. One without a recipient shows nothing: the
// client gave up or its sender was refused.
func (a *Assembler) end(at time.Time, complete bool) {
	tx := a.tx
	header := a.header.finish()
	report := a.report
	a.tx, a.report = nil, nil
	if tx == nil || len(tx.Recipients) == 0 {
		return
	}
	tx.Complete, tx.Ended, tx.Header = complete, at, header
	if header != nil && report != nil {
		header.ParentQueueID = report.parent
	}
	a.Emit(a.host, *tx)
}

// valid replaces what is not UTF-8, which evidence cannot hold.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
