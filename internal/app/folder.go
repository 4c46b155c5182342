package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"waybill/internal/iam"
)

// engineFolder is the log engine's folder in the data folder.
const engineFolder = "logs"

// folder is the data folder of one process:
//
//	lock         held while a process uses the folder; holds its process id
//	key          seals what the databases keep secret; mode 0600; elsewhere if key_file says so
//	credentials  the administrators' AWS shared-credentials file; mode 0600
//	meta.db      identities, groups, organizations, settings
//	spool.db     evidence, open messages, events not yet published
//	journal.db   acknowledged log events that are not in logs/ for certain yet
//	logs/        the log engine
//	queries/     Logs Insights queries and their answers; files of mode 0600
//	instance     names the folder in log stream names
//	control      socket on which the process takes requests for backups; mode 0600
//	reserve      space for a start on a full disk
type folder struct {
	path string
	lock *os.File
}

// openFolder creates the folder if it is missing and locks it. Another process
// on the same folder is an error that names its process id.
func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("create data folder: %w", err)
	}
	name := filepath.Join(path, "lock")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open data folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			holder, _ := os.ReadFile(name)
			return nil, fmt.Errorf("data folder %s is in use by another waybill process (pid %s)", path, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("lock data folder %s: %w", path, err)
	}
	// The number is for people. A full disk must not keep a server from starting.
	_, _ = fmt.Fprintf(f, "%-10d\n", os.Getpid())
	return &folder{path: path, lock: f}, nil
}

// file returns the path of a file of the folder.
func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// close gives the folder up. The lock file stays: removing it would let two
// processes lock different files of the same name.
func (f *folder) close() error { return f.lock.Close() }

// profile is one account's administrator in the credentials file.
type profile struct {
	name string
	iam.Credentials
}

// writeCredentials writes an AWS shared-credentials file (mode 0600) so that
// AWS_SHARED_CREDENTIALS_FILE=DATA/credentials is all that a client needs.
func (f *folder) writeCredentials(profiles []profile) error {
	var text strings.Builder
	for _, p := range profiles {
		fmt.Fprintf(&text, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", p.name, p.AccessKeyID, p.Secret)
	}
	tmp := f.file("credentials.new")
	if err := os.WriteFile(tmp, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	if err := os.Rename(tmp, f.file("credentials")); err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	return nil
}
