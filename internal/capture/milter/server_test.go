package milter

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	gomilter "github.com/d--j/go-milter"

	"waybill/internal/evidence"
)

// memorySink keeps records; while blocked is not nil Append waits for it, and
// fails as long as failures is above zero.
type memorySink struct {
	mu       sync.Mutex
	cond     *sync.Cond
	records  []evidence.Record
	appends  int
	failures int
	blocked  chan struct{}
}

// asPostfix sends the queue id with DATA, as Postfix does; go-milter's client
// sends it at the end of the message only.
var asPostfix = gomilter.WithMacroRequest(gomilter.StageData, []gomilter.MacroName{gomilter.MacroQueueId})

func newMemorySink() *memorySink {
	s := &memorySink{}
	s.cond = sync.NewCond(&s.mu)
	return s
}

func (s *memorySink) Append(ctx context.Context, _ string, records []evidence.Record, position []byte) error {
	if s.blocked != nil {
		select {
		case <-s.blocked:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appends++
	if s.failures > 0 {
		s.failures--
		return errors.New("disk full")
	}
	if position != nil {
		return errors.New("a milter has no position")
	}
	s.records = append(s.records, records...)
	s.cond.Broadcast()
	return nil
}

func (s *memorySink) Position(context.Context, string) ([]byte, error) { return nil, nil }

// wait returns the first n records.
func (s *memorySink) wait(n int) []evidence.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.records) < n {
		s.cond.Wait()
	}
	return s.records
}

var testTime = time.Date(2026, 11, 23, 22, 6, 0, 0, time.UTC)

func testConfig() Config {
	return Config{Name: "milter", Network: "tcp", Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return testTime }}
}

// serve runs a server; stop ends it and returns what Serve returned.
func serve(t *testing.T, config Config, sink *memorySink) (s *Server, addr string, stop func() error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = New(config)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln, sink) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	return s, ln.Addr().String(), stop
}

// mta speaks to a milter as Postfix does.
type mta struct {
	t      *testing.T
	macros *gomilter.MacroBag
	*gomilter.ClientSession
}

func connect(t *testing.T, addr string) *mta {
	t.Helper()
	macros := gomilter.NewMacroBag()
	macros.Set(gomilter.MacroMTAFQDN, "mx.example.com")
	macros.Set(gomilter.MacroDaemonName, "smtpd")
	session, err := gomilter.NewClient("tcp", addr, asPostfix).Session(macros)
	if err != nil {
		t.Fatal(err)
	}
	m := &mta{t, macros, session}
	m.goOn(session.Conn("mail.sender.test", gomilter.FamilyInet, 4711, "198.51.100.25"))
	m.goOn(session.Helo("mail.sender.test"))
	return m
}

// goOn fails the test unless the milter said to go on.
func (m *mta) goOn(action *gomilter.Action, err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
	if action.Type != gomilter.ActionContinue && action.Type != gomilter.ActionAccept && action.Type != gomilter.ActionSkip {
		m.t.Fatalf("the milter answered %v", action)
	}
}

func (m *mta) mail(sender string, recipients ...string) {
	m.t.Helper()
	m.goOn(m.Mail(sender, "size=91 RET=HDRS ENVID=abc123"))
	for _, to := range recipients {
		mailer, host, addr := "lmtp", "inet:127.0.0.1:24", to
		if strings.HasPrefix(to, "nobody") {
			mailer, host, addr = "error", "5.1.1", "User unknown"
		}
		m.macros.Set(gomilter.MacroRcptMailer, mailer)
		m.macros.Set(gomilter.MacroRcptHost, host)
		m.macros.Set(gomilter.MacroRcptAddr, addr)
		m.goOn(m.Rcpt(to, ""))
	}
}

func (m *mta) header(fields ...string) {
	m.t.Helper()
	m.goOn(m.DataStart())
	for i := 0; i < len(fields); i += 2 {
		m.goOn(m.HeaderField(fields[i], fields[i+1], nil))
	}
	m.goOn(m.HeaderEnd())
}

func (m *mta) end(body string) {
	m.t.Helper()
	changes, action, err := m.BodyReadFrom(strings.NewReader(body))
	m.goOn(action, err)
	if len(changes) > 0 {
		m.t.Errorf("the milter changed the message: %+v", changes)
	}
}

func (m *mta) message(id string) {
	m.t.Helper()
	m.macros.Set(gomilter.MacroQueueId, "")
	m.mail("s@sender.test", "alice@example.com")
	m.macros.Set(gomilter.MacroQueueId, id)
	m.header("Subject", "hello")
	m.end("x\r\n")
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestServerObserves(t *testing.T) {
	sink := newMemorySink()
	_, addr, _ := serve(t, testConfig(), sink)
	m := connect(t, addr)
	defer m.Close()
	for _, action := range []gomilter.OptAction{gomilter.OptAddHeader, gomilter.OptChangeBody, gomilter.OptAddRcpt, gomilter.OptRemoveRcpt,
		gomilter.OptChangeHeader, gomilter.OptQuarantine, gomilter.OptChangeFrom, gomilter.OptAddRcptWithArgs, gomilter.OptSetMacros} {
		if m.ActionOption(action) {
			t.Errorf("negotiated the right to %v", action)
		}
	}
	for _, option := range []gomilter.OptProtocol{gomilter.OptNoBody, gomilter.OptRcptRej, gomilter.OptNoConnReply, gomilter.OptNoHeloReply,
		gomilter.OptNoMailReply, gomilter.OptNoRcptReply, gomilter.OptNoDataReply, gomilter.OptNoHeaderReply, gomilter.OptNoEOHReply} {
		if !m.ProtocolOption(option) {
			t.Errorf("did not negotiate %v", option)
		}
	}
	m.macros.Set(gomilter.MacroAuthAuthen, "alice@example.com")
	m.mail("alice@example.com", "bob@example.com", "nobody@example.com")
	m.macros.Set(gomilter.MacroQueueId, "4jYKxB6nPqz1VK8K")
	m.header("From", `"Alice" <alice@example.com>`, "Subject", "=?utf-8?q?caf=C3=A9?=\n =?iso-8859-1?q?_cr=E8me?=", "Message-ID", "<m1@example.com>",
		"Date", "Mon, 23 Nov 2026 22:06:00 +0100", "Received", "from a (b [192.0.2.1] id no)\n\tby mx with LMTP\n\tid S1\n\tfor <x>; date",
		"Authentication-Results", "mx.example.com;\n\tspf=pass", "Authentication-Results", "other; spf=fail", "x-spam-status", "No", "X-Other", "kept out")
	m.end("body\r\n")
	want := `{"q":"4jYKxB6nPqz1VK8K","complete":true,"name":"mail.sender.test","addr":"198.51.100.25","auth":"alice@example.com","daemon":"smtpd",` +
		`"from":"alice@example.com","envid":"abc123","rcpts":[{"a":"bob@example.com","m":"lmtp","h":"inet:127.0.0.1:24"},` +
		`{"a":"nobody@example.com","m":"error","h":"5.1.1","r":"User unknown"}],` +
		`"header":{"id":"\u003cm1@example.com\u003e","from":"alice@example.com","subject":"café crème","date":"2026-11-23T21:06:00Z",` +
		`"ar":["mx.example.com; spf=pass","other; spf=fail"],"spam":{"X-Spam-Status":"No"},"rids":["S1"]},` +
		`"received":"2026-11-23T22:06:00Z","ended":"2026-11-23T22:06:00Z"}`
	r := sink.wait(1)[0]
	if got := asJSON(t, r.Fact); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if r.Source != "milter" || r.Host != "mx.example.com" || !r.Time.Equal(testTime) {
		t.Errorf("record of %s on %s at %s", r.Source, r.Host, r.Time)
	}
}

func TestServerSeveralMessagesAndAborts(t *testing.T) {
	sink := newMemorySink()
	s, addr, _ := serve(t, testConfig(), sink)
	m := connect(t, addr)
	m.message("QA")
	// Postfix sends an ABORT after each message.
	if err := m.Abort(nil); err != nil {
		t.Fatal(err)
	}
	m.message("QB")
	// A message without recipients shows nothing.
	m.macros.Set(gomilter.MacroQueueId, "")
	m.mail("s@sender.test")
	if err := m.Abort(nil); err != nil {
		t.Fatal(err)
	}
	// All recipients refused, and then the client goes.
	m.mail("s@sender.test", "nobody@example.com")
	if err := m.Abort(nil); err != nil {
		t.Fatal(err)
	}
	// The connection ends in the middle of a header.
	m.macros.Set(gomilter.MacroQueueId, "QC")
	m.mail("s@sender.test", "alice@example.com")
	m.goOn(m.DataStart())
	m.goOn(m.HeaderField("Subject", "half", nil))
	m.Close()
	var got []string
	for _, r := range sink.wait(4) {
		tx := r.Fact.(evidence.Transaction)
		got = append(got, tx.QueueID+" "+map[bool]string{true: "complete", false: "aborted"}[tx.Complete]+" "+asJSON(t, tx.Header != nil))
	}
	if want := "QA complete true, QB complete true,  aborted false, QC aborted true"; strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
	if stats := s.Stats(); stats.Records != 4 || stats.Gaps != 0 || !stats.LastRecord.Equal(testTime) {
		t.Errorf("stats %+v", stats)
	}
}

func TestServerReadsReports(t *testing.T) {
	sink := newMemorySink()
	config := testConfig()
	config.Reports = true
	_, addr, _ := serve(t, config, sink)
	m := connect(t, addr)
	defer m.Close()
	report := "--b\r\n\r\nhello\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\nX-Postfix-Queue-ID: 2BA759C8940\r\n\r\n" +
		"--b\r\n\r\nX-Postfix-Queue-ID: forged\r\n" + strings.Repeat("x", 200_000)
	m.mail("", "alice@example.com")
	m.macros.Set(gomilter.MacroQueueId, "QD")
	m.header("Content-Type", "multipart/report; report-type=delivery-status;\n\tboundary=b")
	m.end(report)
	m.mail("", "alice@example.com")
	m.macros.Set(gomilter.MacroQueueId, "QE")
	m.header("Content-Type", "text/plain")
	m.end(report)
	records := sink.wait(2)
	first, second := records[0].Fact.(evidence.Transaction), records[1].Fact.(evidence.Transaction)
	if first.Header.ParentQueueID != "2BA759C8940" || first.Header.ContentType != "multipart/report; report-type=delivery-status" {
		t.Errorf("header %+v", first.Header)
	}
	if second.Header.ParentQueueID != "" || !second.Complete {
		t.Errorf("a message that is no report: %+v", second.Header)
	}
}

func TestServerNeverWaitsForTheSink(t *testing.T) {
	sink := newMemorySink()
	sink.blocked = make(chan struct{})
	config := testConfig()
	config.Queue = 3
	s, addr, stop := serve(t, config, sink)
	m := connect(t, addr)
	// The sink holds one batch; three wait; the rest has no room.
	const messages = 20
	for range messages {
		m.message("Q")
	}
	m.Close()
	close(sink.blocked)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	stored, lost := 0, int64(0)
	for _, r := range sink.records {
		if gap, ok := r.Fact.(evidence.Gap); ok {
			lost += gap.Lost
			continue
		}
		stored++
	}
	if stored < 3 || lost < messages-7 || int64(stored)+lost != messages {
		t.Errorf("%d stored, %d lost, of %d", stored, lost, messages)
	}
	if stats := s.Stats(); stats.Lost != lost || stats.Gaps == 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestServerStoresAfterFailuresAndAtTheEnd(t *testing.T) {
	sink := newMemorySink()
	sink.failures = 1
	_, addr, stop := serve(t, testConfig(), sink)
	m := connect(t, addr)
	m.message("QA")
	m.message("QB")
	m.Close()
	sink.wait(2)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if sink.appends < 2 {
		t.Errorf("%d tries for a sink that failed once", sink.appends)
	}
}

func TestServerOutlivesMalformedFrames(t *testing.T) {
	sink := newMemorySink()
	_, addr, _ := serve(t, testConfig(), sink)
	negotiation := "\x00\x00\x00\x0dO\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"
	for _, frame := range []string{
		"\x00\x00\x00\x00", "\xff\xff\xff\xff", "\x00\x00\x00\x01C", "\x00\x00\x00\x02Ca", "\x00\x00\x00\x03Ca\x00", "\x00\x00\x00\x04Ca\x004",
		"\x00\x00\x00\x02Mx", "\x00\x00\x00\x02Rx", "\x00\x00\x00\x02Hx", "\x00\x00\x00\x01D", "\x00\x00\x00\x02La", "\x00\x00\x00\x01L", "\x00\x00\x00\x01Z", "\x00\x00\x00\x01O",
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatalf("the server is gone: %v", err)
		}
		if _, err := conn.Write([]byte(negotiation)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, len(negotiation))); err != nil {
			t.Fatalf("negotiation: %v", err)
		}
		if _, err := conn.Write([]byte(frame)); err != nil {
			t.Fatal(err)
		}
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	m := connect(t, addr)
	m.message("QA")
	m.Close()
	if tx := sink.wait(1)[0].Fact.(evidence.Transaction); tx.QueueID != "QA" {
		t.Errorf("transaction %+v", tx)
	}
}

func TestServerTakesOverAStaleSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "milter.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	config := testConfig()
	config.Network, config.Address = "unix", path
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(config).Run(ctx, newMemorySink()); err == nil {
		t.Error("took a socket that another process listens on")
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	if err := New(config).Run(ctx, newMemorySink()); err != nil {
		t.Errorf("stale socket: %v", err)
	}
}
