package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"waybill/internal/api"
	"waybill/internal/audit"
	"waybill/internal/capture"
	"waybill/internal/config"
	"waybill/internal/console"
	"waybill/internal/iam"
	"waybill/internal/insights"
	"waybill/internal/logs"
	"waybill/internal/publish"
	"waybill/internal/spool"
	"waybill/internal/store"
	"waybill/internal/workmail"
)

// Server is everything that one process runs. Open makes it, Run runs it once.
type Server struct {
	cfg    *config.Config
	logger *slog.Logger

	folder   *folder
	db       *store.DB
	iam      *iam.Service
	logs     *logs.Service
	insights *insights.Service
	trail    *audit.Trail
	workmail *workmail.Service
	spool    *spool.Spool

	listener *listener
	handler  http.Handler
	control  net.Listener // nil where there can be none
	door     *api.Door
	console  *console.Console

	sources     *capture.Supervisor
	correlators []*correlator
	publisher   *publish.Publisher

	// protection guards the audit trail.
	protection *audit.Protection
	// accounts are the declared accounts with what their first start made; Password
	// is empty on later ones. first is the configuration's own account.
	accounts []iam.Bootstrapped
	first    iam.Bootstrapped
	// closers undo Open, last first.
	closers []func() error
}

// Open prepares everything: the data folder, the databases, the listener, and
// what the configuration declares. Nothing is watched or served before Run. An
// error leaves nothing open.
func Open(ctx context.Context, cfg *config.Config, logger *slog.Logger) (*Server, error) {
	s := &Server{cfg: cfg, logger: logger}
	for _, step := range []func(context.Context) error{
		s.openFolder, s.openStores, s.openIdentity, s.openLogs, s.openTrail, s.openInsights, s.openListener, s.openDoor, s.openConsole,
		s.declare, s.openPublisher, s.openPipeline, s.openControl, s.keepReserve,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// onClose remembers what undoes a step of Open.
func (s *Server) onClose(f func() error) { s.closers = append(s.closers, f) }

// Close gives up what Open took. It is for a Server that is not run; Run does it itself.
func (s *Server) Close() error {
	var all []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		all = append(all, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(all...)
}

// URL is where the console and the AWS APIs are reached from this machine.
func (s *Server) URL() string { return s.listener.url() }

// Run serves, watches, correlates and publishes until ctx ends, then stops in
// order: capture first, the listener last, so that what was read is kept.
func (s *Server) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.Close()) }()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.listener.serve(ctx, s.handler) })
	group.Go(func() error { return s.serveControl(ctx) })
	group.Go(func() error { return s.logs.Run(ctx) })
	group.Go(func() error { return s.trail.Run(ctx) })
	group.Go(func() error { return s.iam.Run(ctx) })
	group.Go(func() error { s.sources.Run(ctx); return nil })
	group.Go(func() error { return s.publisher.Run(ctx) })
	for _, c := range s.correlators {
		group.Go(func() error { return c.keep(ctx) })
	}
	s.logger.Info("serving", "url", s.URL(), "data", s.cfg.Data)
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Greet writes what somebody who has just started the server needs to know. The
// console password is known at the first start only.
func (s *Server) Greet(w io.Writer) {
	fmt.Fprintf(w, "Console   %s%s\n", s.URL(), consolePath)
	for _, a := range s.accounts {
		if a.Password != "" {
			fmt.Fprintf(w, "          account %s, user %s, password %s (shown this once)\n", a.Account, a.User, a.Password)
		}
	}
	fmt.Fprintf(w, "aws CLI   export AWS_SHARED_CREDENTIALS_FILE=%s\n", s.folder.file("credentials"))
	fmt.Fprintf(w, "          aws --endpoint-url %s --region %s logs describe-log-groups\n", s.URL(), s.cfg.Region)
}

// clock is the process's clock.
func clock() time.Time { return time.Now() }
