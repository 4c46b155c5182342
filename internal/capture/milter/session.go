package milter

import (
	"time"

	gomilter "github.com/d--j/go-milter"

	"waybill/internal/evidence"
)

// session hands the callbacks of one connection to an Assembler.
type session struct {
	assembler Assembler
	now       func() time.Time
	// skip says that the mail server understands "no more of the body".
	skip bool
}

func (s *Server) session(_ uint32, _ gomilter.OptAction, protocol gomilter.OptProtocol, _ gomilter.DataSize) gomilter.Milter {
	one := &session{now: s.config.Now, skip: protocol&gomilter.OptSkip != 0}
	one.assembler = Assembler{Reports: s.config.Reports, Emit: func(host string, tx evidence.Transaction) {
		s.take(captured{host, tx})
	}}
	return one
}

func macros(m gomilter.Modifier) Macros {
	return func(name string) string { return m.Get(gomilter.MacroName(name)) }
}

// NewConnection also comes when the mail server uses the connection for another
// SMTP session.
func (s *session) NewConnection(gomilter.Modifier) error {
	s.assembler.Close(s.now())
	return nil
}

func (s *session) Connect(host, _ string, _ uint16, addr string, m gomilter.Modifier) (*gomilter.Response, error) {
	s.assembler.Connect(host, addr, macros(m))
	return gomilter.RespContinue, nil
}

func (s *session) Helo(string, gomilter.Modifier) (*gomilter.Response, error) {
	return gomilter.RespContinue, nil
}

func (s *session) MailFrom(from, args string, m gomilter.Modifier) (*gomilter.Response, error) {
	s.assembler.Mail(s.now(), from, args, macros(m))
	return gomilter.RespContinue, nil
}

func (s *session) RcptTo(to, _ string, m gomilter.Modifier) (*gomilter.Response, error) {
	s.assembler.Rcpt(to, macros(m))
	return gomilter.RespContinue, nil
}

func (s *session) Data(m gomilter.Modifier) (*gomilter.Response, error) {
	s.assembler.Data(macros(m))
	return gomilter.RespContinue, nil
}

func (s *session) Header(name, value string, _ gomilter.Modifier) (*gomilter.Response, error) {
	s.assembler.Header(name, value)
	return gomilter.RespContinue, nil
}

func (s *session) Headers(m gomilter.Modifier) (*gomilter.Response, error) {
	s.assembler.EndOfHeader(macros(m))
	return gomilter.RespContinue, nil
}

func (s *session) BodyChunk(chunk []byte, _ gomilter.Modifier) (*gomilter.Response, error) {
	if more := s.assembler.Body(chunk); !more && s.skip {
		return gomilter.RespSkip, nil
	}
	return gomilter.RespContinue, nil
}

func (s *session) EndOfMessage(m gomilter.Modifier) (*gomilter.Response, error) {
	s.assembler.EndOfMessage(s.now(), macros(m))
	return gomilter.RespContinue, nil
}

func (s *session) Abort(m gomilter.Modifier) error {
	s.assembler.Abort(s.now(), macros(m))
	return nil
}

func (s *session) Unknown(string, gomilter.Modifier) (*gomilter.Response, error) {
	return gomilter.RespContinue, nil
}

func (s *session) Cleanup(gomilter.Modifier) { s.assembler.Close(s.now()) }
