package e2e

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// outside is the outside world's mail server. It accepts mail for any domain but
// refuses.test (550 at RCPT) and defers.test (451 at RCPT).
type outside struct {
	port int

	mu       sync.Mutex
	received []string // recipients of accepted messages
}

func startOutside(t *testing.T) *outside {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &outside{port: l.Addr().(*net.TCPAddr).Port}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &outsideSession{world: o}, nil }))
	srv.Domain = "outside.test"
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return o
}

func (o *outside) got(recipient string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.received {
		if r == recipient {
			return true
		}
	}
	return false
}

type outsideSession struct {
	world *outside
	rcpts []string
}

func (s *outsideSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *outsideSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasSuffix(to, "@refuses.test"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user here"}
	case strings.HasSuffix(to, "@defers.test"):
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted, try again later"}
	}
	s.rcpts = append(s.rcpts, to)
	return nil
}

func (s *outsideSession) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.received = append(s.world.received, s.rcpts...)
	return nil
}

func (s *outsideSession) Reset()        { s.rcpts = nil }
func (s *outsideSession) Logout() error { return nil }
