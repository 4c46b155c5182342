package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"waybill/internal/backup"
)

// The file "control" in the data folder is a socket (mode 0600, in a folder of
// mode 0700) on which the running server takes what only whoever owns the folder
// may ask: POST /backup. It is no API: nobody who could open it could not read
// the folder itself.

// errNoServer says that no server runs on a data folder.
var errNoServer = errors.New("no server runs on this data folder")

// backupRequest asks for a backup in the new folder To.
type backupRequest struct {
	To  string `json:"to"`
	Key bool   `json:"key"`
}

// controlPath names the socket of a data folder in so few bytes as a socket's
// name may have, however long the folder's is. close it after use.
func controlPath(data string) (path string, close func() error, err error) {
	dir, err := os.Open(data)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/control", dir.Fd()), dir.Close, nil
}

// openControl listens on the socket. A file system that has no sockets costs
// online backups, not the server.
func (s *Server) openControl(context.Context) error {
	path, done, err := controlPath(s.folder.path)
	if err != nil {
		return err
	}
	defer done()
	_ = os.Remove(path) // of a process that was killed; the folder is locked
	l, err := net.Listen("unix", path)
	if err == nil {
		l.(*net.UnixListener).SetUnlinkOnClose(false) // by that path it could not
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		s.logger.Warn("no online backups: the data folder's control socket cannot be opened", "error", err)
		return nil
	}
	s.control = l
	s.onClose(func() error {
		err := l.Close()
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
		return errors.Join(err, os.Remove(s.folder.file("control")))
	})
	return nil
}

// serveControl answers until ctx ends.
func (s *Server) serveControl(ctx context.Context) error {
	if s.control == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backup", s.serveBackup)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(s.control); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the control socket: %w", err)
	}
	return nil
}

func (s *Server) serveBackup(w http.ResponseWriter, r *http.Request) {
	var in backupRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !filepath.IsAbs(in.To) {
		http.Error(w, "a backup needs the absolute name of a folder", http.StatusBadRequest)
		return
	}
	m, err := s.backup(r.Context(), in.To, in.Key)
	if err != nil {
		s.logger.Error("backup failed", "to", in.To, "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.logger.Info("backup written", "to", in.To, "files", len(m.Files))
	_ = json.NewEncoder(w).Encode(m)
}

// askForBackup has the server that runs on a data folder write a backup.
func askForBackup(ctx context.Context, data, to string, withKey bool) (m backup.Manifest, err error) {
	path, done, err := controlPath(data)
	if err != nil {
		return m, err
	}
	defer done()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	body, err := jsonBody(backupRequest{To: to, Key: withKey})
	if err != nil {
		return m, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/backup", body)
	if err != nil {
		return m, err
	}
	resp, err := client.Do(req)
	if err != nil {
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			return m, errNoServer
		}
		return m, fmt.Errorf("ask the server for a backup: %w", err)
	}
	defer resp.Body.Close()
	err = readAnswer(resp, &m)
	return m, err
}
