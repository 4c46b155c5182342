package milter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	gomilter "github.com/d--j/go-milter"

	"waybill/internal/capture"
)

// Config says where a Server listens. Name, Network, Address and Logger are
// needed.
type Config struct {
	// Name is the source's name in records and statistics.
	Name string
	// Network is "tcp" or "unix", Address what net.Listen takes for it.
	Network, Address string
	Logger           *slog.Logger
	// Reports asks for the body of messages, to read in Postfix's delivery status
	// notifications which message they are about. It is of use for
	// non_smtpd_milters only; of other messages the first piece of the body is
	// transferred in vain.
	Reports bool
	// Queue is how many transactions may wait for the sink; one more is dropped
	// and counted as a Gap, because the mail server must not wait. 0 is 10,000.
	Queue int
	// Now is the present time; nil is time.Now.
	Now func() time.Time
}

// Server is a Source that listens for the milter protocol. It answers every
// callback at once, and always in the same way: go on.
//
// Postfix asks a milter in turn with others, so its place matters: registered
// last it sees what the others added to the header, registered first it also
// sees the header of messages that the others refuse. The same Server can be
// registered in both places; the two transactions have one queue id. It must be
// registered with default_action = accept, so that mail flows without it.
type Server struct {
	config  Config
	meter   capture.Meter
	queue   chan captured
	dropped atomic.Int64
}

// New makes a Server.
func New(config Config) *Server {
	if config.Queue == 0 {
		config.Queue = 10_000
	}
	if config.Now == nil {
		config.Now = func() time.Time { return time.Now().UTC().Round(0) }
	}
	return &Server{config: config, queue: make(chan captured, config.Queue)}
}

// Stats implements capture.Source.
func (s *Server) Stats() capture.SourceStats {
	s.meter.SetBehind(int64(len(s.queue)))
	return s.meter.Stats(s.config.Name, "milter", s.config.Address, s.config.Now())
}

// Run implements capture.Source: it listens until ctx is done, and then stores
// what it still has.
func (s *Server) Run(ctx context.Context, sink capture.Sink) error {
	ln, err := s.listen(ctx)
	if err != nil {
		return err
	}
	return s.Serve(ctx, ln, sink)
}

// Serve runs on a listener, which it closes.
func (s *Server) Serve(ctx context.Context, ln net.Listener, sink capture.Sink) error {
	server := gomilter.NewServer(
		gomilter.WithNegotiationCallback(s.negotiate),
		gomilter.WithDynamicMilter(s.session),
	)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(guarded{ln}) }()
	stored := make(chan struct{})
	storing, stop := context.WithCancel(ctx)
	go func() { s.store(storing, sink); close(stored) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("milter %s: %w", s.config.Name, err)
	}
	s.shutdown(ctx, server)
	stop()
	<-stored
	return errors.Join(err, s.storeRest(ctx, sink))
}

// patience is how long a stopping server waits for SMTP sessions to end, and
// for the sink.
const patience = 5 * time.Second

func (s *Server) shutdown(ctx context.Context, server *gomilter.Server) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.config.Logger.Warn("milter did not stop cleanly", "source", s.config.Name, "error", err)
	}
}

// listen opens the listener; a socket file that nobody listens on any more is
// in the way after a crash and is removed.
func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, s.config.Network, s.config.Address)
	if s.config.Network == "unix" && errors.Is(err, syscall.EADDRINUSE) {
		if conn, dialErr := net.Dial("unix", s.config.Address); errors.Is(dialErr, syscall.ECONNREFUSED) {
			if err := os.Remove(s.config.Address); err != nil {
				return nil, fmt.Errorf("milter %s: %w", s.config.Name, err)
			}
			ln, err = config.Listen(ctx, s.config.Network, s.config.Address)
		} else if dialErr == nil {
			conn.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("milter %s: %w", s.config.Name, err)
	}
	return ln, nil
}

// negotiate asks for no right to change anything, for refused recipients, and to
// be spared replies and what is not needed, as far as the mail server offers it.
func (s *Server) negotiate(mtaVersion, _ uint32, _, _ gomilter.OptAction, offered, _ gomilter.OptProtocol, size gomilter.DataSize) (uint32, gomilter.OptAction, gomilter.OptProtocol, gomilter.DataSize, error) {
	want := gomilter.OptNoReplies | gomilter.OptNoUnknown | gomilter.OptRcptRej
	if s.config.Reports {
		// A body that is not wanted is declined in the reply to its first piece.
		want = want&^gomilter.OptNoBodyReply | gomilter.OptSkip
	} else {
		want |= gomilter.OptNoBody
	}
	return min(mtaVersion, gomilter.MaxServerProtocolVersion), 0, want & offered, size, nil
}
