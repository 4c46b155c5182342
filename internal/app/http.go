package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"waybill/internal/api"
	"waybill/internal/config"
)

// Limits on a client's time and header. Bodies are bounded by the API door and
// the console, each by what it takes.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = 2 * time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
	// shutdownGrace is how long a graceful stop waits for requests under way.
	shutdownGrace = 10 * time.Second
)

// consolePath is where the console lives; "/" belongs to the AWS APIs, whose clients post there.
const consolePath = "/console/"

// routes sends each request to its door.
func routes(door, console, metrics, health http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", health)
	mux.Handle("GET /metrics", metrics)
	mux.Handle("GET /{$}", http.RedirectHandler(consolePath, http.StatusFound))
	mux.Handle("/", console)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The console posts below its own path only; an unsigned Query request goes to "/".
		if api.IsForDoor(r) || r.Method == http.MethodPost && r.URL.Path == "/" {
			door.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// listener is the one address of the console and all AWS APIs.
type listener struct {
	net.Listener
	server *http.Server
	scheme string
}

// listen opens the address; handler may be set later, before serve.
func listen(cfg *config.Config, logger *slog.Logger) (*listener, error) {
	open, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l := limitConnections(open, cfg.Limits.Connections, cfg.Limits.AddressConnections)
	server := &http.Server{
		ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	if !cfg.TLS.Enabled() {
		return &listener{l, server, "http"}, nil
	}
	pair, err := tls.LoadX509KeyPair(cfg.TLS.Certificate, cfg.TLS.Key)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("load TLS certificate: %w", err)
	}
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	return &listener{tls.NewListener(l, server.TLSConfig), server, "https"}, nil
}

// url is the listener's address as a client on this machine names it.
func (l *listener) url() string {
	host, port, _ := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return l.scheme + "://" + net.JoinHostPort(host, port)
}

// serve answers until ctx ends, then lets requests under way finish.
func (l *listener) serve(ctx context.Context, handler http.Handler) error {
	l.server.Handler = handler
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		stopped <- l.server.Shutdown(grace)
	})
	err := l.server.Serve(l.Listener)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return <-stopped
}

// close gives the address up, when serve has not.
func (l *listener) close() error {
	if err := l.Listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// client reaches this listener as a client on this machine does. Under TLS it
// trusts exactly the certificate that is served, whatever names are in it.
func (l *listener) client() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	if config := l.server.TLSConfig; config != nil {
		own := config.Certificates[0].Certificate[0]
		transport.TLSClientConfig = &tls.Config{
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: true, // replaced by the comparison below
			VerifyConnection: func(state tls.ConnectionState) error {
				if !bytes.Equal(state.PeerCertificates[0].Raw, own) {
					return errors.New("another certificate than this server's own is served on its address")
				}
				return nil
			},
		}
	}
	return &http.Client{Transport: transport, Timeout: requestTimeout}
}
