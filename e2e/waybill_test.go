package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binary builds cmd/waybill once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "waybill-bin-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "waybill")
	if out, err := exec.Command("go", "build", "-o", path, "waybill/cmd/waybill").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build waybill: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// server is a running `waybill serve`.
type server struct {
	URL     string
	Data    string
	process *process
	output  string
}

// printed is what the server has printed so far.
func (s *server) printed() string { return readFile(s.output) }

// account and region are Waybill's defaults.
const (
	account = "111122223333"
	region  = "us-east-1"
)

// labConfig watches the lab's servers for organization "example".
func labConfig(l *lab, eventLogging string) string {
	return fmt.Sprintf(`
[[organization]]
alias = "example"
domains = ["example.com"]
event_logging = %s
[[source]]
organization = "example"
type = "postfix"
log = %q
milter = "127.0.0.1:%d"
[[source]]
organization = "example"
type = "dovecot"
log = %q
`, eventLogging, l.path("log/mail.log"), l.MilterPort, l.path("log/dovecot.log"))
}

// serve starts Waybill on a fresh data folder.
func serve(t *testing.T, config string) *server {
	t.Helper()
	return serveOn(t, t.TempDir(), config)
}

// serveOn starts Waybill on a data folder.
func serveOn(t *testing.T, data, config string) *server {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	file := filepath.Join(t.TempDir(), "waybill.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{URL: fmt.Sprintf("http://127.0.0.1:%d", port), Data: data}
	cmd := exec.Command(path, "serve", "--config", file, "--data", data, "--listen", fmt.Sprintf("127.0.0.1:%d", port))
	s.output = filepath.Join(t.TempDir(), "waybill.log")
	s.process = startProcess(t, cmd, s.output)
	eventually(t, "waybill to be healthy", func() (bool, string) {
		resp, err := http.Get(s.URL + "/healthz")
		if err != nil {
			return false, err.Error()
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK, resp.Status
	})
	return s
}
