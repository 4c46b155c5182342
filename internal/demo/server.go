package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"waybill/internal/evidence"
)

// Sink takes evidence; it returns once the evidence is durable.
type Sink interface {
	Append(ctx context.Context, records []evidence.Record) error
}

// Server is the demonstration's mail server. Create it with Listen.
type Server struct {
	sink   Sink
	logger *slog.Logger
	now    func() time.Time
	l      net.Listener
	smtp   *smtp.Server

	// ids numbers queue ids and delivery sessions.
	ids atomic.Int64

	// stop ends retries; pending counts them.
	stop    context.Context
	cancel  context.CancelFunc
	pending sync.WaitGroup
}

// Source is the name under which the server's evidence is kept.
const Source = "demo"

// host is the mail server's own name.
const host = "mx." + Domain

// Listen opens the SMTP listener on addr (host:port, port 0 for any).
func Listen(addr string, sink Sink, logger *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the demonstration's mail: %w", err)
	}
	s := &Server{sink: sink, logger: logger, now: time.Now, l: l}
	s.stop, s.cancel = context.WithCancel(context.Background())
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = host
	s.smtp.AllowInsecureAuth = true // loopback only
	s.smtp.MaxMessageBytes = 1 << 20
	s.smtp.MaxRecipients = 50
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = time.Minute, time.Minute
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.l.Addr().String() }

// Serve answers SMTP clients until Close.
func (s *Server) Serve() error {
	if err := s.smtp.Serve(s.l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends the listener, every session and every waiting retry.
func (s *Server) Close() error {
	s.cancel()
	err := s.smtp.Close()
	s.pending.Wait()
	return err
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	ip, _, _ := net.SplitHostPort(c.Conn().RemoteAddr().String())
	return &session{server: s, client: ip}, nil
}

// show makes evidence of facts that happened now.
func (s *Server) show(facts ...evidence.Fact) error {
	now := s.now()
	records := make([]evidence.Record, len(facts))
	for i, f := range facts {
		records[i] = evidence.Record{Source: Source, Host: host, Time: now, Fact: f}
	}
	return s.sink.Append(s.stop, records)
}

// queueID makes a new queue id in the manner of Postfix's long ones.
func (s *Server) queueID() string { return fmt.Sprintf("4D%013X", s.ids.Add(1)) }

// session is one SMTP connection.
type session struct {
	server *Server
	client string
	user   string
	from   string
	rcpts  []evidence.MilterRecipient
	began  time.Time
}

// AuthMechanisms offers PLAIN.
func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth accepts every mailbox of the domain with the password "secret".
func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if !mailboxes[user] || password != "secret" {
			return smtp.ErrAuthFailed
		}
		c.user = user
		return nil
	}), nil
}

// Mail begins a transaction.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.from, c.rcpts, c.began = from, nil, c.server.now()
	return nil
}

// Rcpt takes a mailbox of the domain from anyone and every address from a user.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	local := strings.HasSuffix(to, "@"+Domain)
	switch {
	case local && !mailboxes[to]:
		return c.refuse(to, "5.1.1", "User unknown in virtual mailbox table", "Recipient address rejected: ")
	case !local && c.user == "":
		return c.refuse(to, "5.7.1", "Relay access denied", "")
	case local:
		c.rcpts = append(c.rcpts, evidence.MilterRecipient{Address: to, Mailer: "lmtp"})
	default:
		c.rcpts = append(c.rcpts, evidence.MilterRecipient{Address: to, Mailer: "smtp"})
	}
	return nil
}

func (c *session) refuse(to, status, reason, prefix string) error {
	err := c.server.show(evidence.Rejected{
		Stage: "RCPT", ClientName: "unknown", ClientAddress: c.client, Code: 550, EnhancedStatus: status,
		Reason: prefix + reason, Sender: c.from, Recipient: to,
	})
	if err != nil {
		return err
	}
	var code smtp.EnhancedCode
	fmt.Sscanf(status, "%d.%d.%d", &code[0], &code[1], &code[2])
	return &smtp.SMTPError{Code: 550, EnhancedCode: code, Message: "<" + to + ">: " + prefix + reason}
}

// Data queues the message and delivers it.
func (c *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return c.server.accept(c, text)
}

// Reset ends a transaction without a message.
func (c *session) Reset() { c.from, c.rcpts = "", nil }

// Logout ends the connection.
func (c *session) Logout() error { return nil }
