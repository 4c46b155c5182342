package demo

import (
	"context"
	"fmt"
	"mime"
	"net"
	"net/smtp"
	"strings"
	"time"
)

// mailItem is one message of the day.
type mailItem struct {
	user    string // submit as this user; empty for mail from outside
	from    string
	to      []string
	subject string
	id      string
	body    string
}

// day is a small, lively day of mail: deliveries, one to two people, an unknown
// user, a full mailbox, spam, mail to the world that is accepted, refused and deferred.
var day = []mailItem{
	{from: "news@partner.example", to: []string{"alice@" + Domain}, subject: "Your order has shipped", id: "<order-4711@partner.example>"},
	{user: "alice@" + Domain, from: "alice@" + Domain, to: []string{"buyer@partner.example"}, subject: "Offer 2026-118", id: "<offer-118@example.com>"},
	{from: "winner@prize-draw.example", to: []string{"bob@" + Domain}, subject: "You have won!", id: "<win-1@prize-draw.example>", body: spamTest},
	{user: "bob@" + Domain, from: "bob@" + Domain, to: []string{"carol@" + Domain, "alice@" + Domain}, subject: "Lunch on Friday?", id: "<lunch@example.com>"},
	{from: "s.meyer@partner.example", to: []string{"alica@" + Domain}, subject: "Meeting notes", id: "<notes-1@partner.example>"},
	{from: "s.meyer@partner.example", to: []string{"alice@" + Domain, "carol@" + Domain}, subject: "Meeting notes", id: "<notes-2@partner.example>"},
	{user: "alice@" + Domain, from: "alice@" + Domain, to: []string{"former.colleague@refuses.example"}, subject: "Invitation", id: "<invitation@example.com>"},
	{from: "backup@partner.example", to: []string{fullMailbox}, subject: "Nightly report", id: "<report-324@partner.example>"},
	{user: "carol@" + Domain, from: "carol@" + Domain, to: []string{"orders@greylists.example", "buyer@partner.example"}, subject: "Réservation de salle", id: "<salle@example.com>"},
	{from: "unbekannt@elsewhere.example", to: []string{"bob@" + Domain}, subject: "Grüße aus Köln", id: "<gruesse@elsewhere.example>"},
}

// QuestionID is the Message-ID of the message whose trace the demonstration
// prints: one submission, one recipient reached and one deferred.
const QuestionID = "<salle@example.com>"

// PlayDay sends the day's mail through the server by SMTP. Refusals belong to
// the day; any other failure is returned.
func (s *Server) PlayDay(ctx context.Context) error {
	for _, m := range day {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.send(m); err != nil && !strings.Contains(err.Error(), "5.1.1") {
			return fmt.Errorf("play message %s: %w", m.id, err)
		}
	}
	return nil
}

func (s *Server) send(m mailItem) error {
	var auth smtp.Auth
	if m.user != "" {
		host, _, _ := net.SplitHostPort(s.Addr())
		auth = smtp.PlainAuth("", m.user, "secret", host)
	}
	return smtp.SendMail(s.Addr(), auth, m.from, m.to, m.text(s.now()))
}

// text is the message with its header (RFC 5322).
func (m mailItem) text(date time.Time) []byte {
	var b strings.Builder
	body := m.body
	if body == "" {
		body = "Hello,\r\n\r\nthis is a message of the demonstration."
	}
	for _, line := range []string{
		"From: <" + m.from + ">", "To: <" + strings.Join(m.to, ">, <") + ">", "Subject: " + encodeWord(m.subject),
		"Date: " + date.Format(time.RFC1123Z), "Message-ID: " + m.id, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", body,
	} {
		b.WriteString(line + "\r\n")
	}
	return []byte(b.String())
}

// encodeWord writes text that is not ASCII as an encoded word (RFC 2047).
func encodeWord(s string) string { return mime.QEncoding.Encode("utf-8", s) }
