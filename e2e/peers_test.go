package e2e

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// peer returns the path of a real program the test needs, the first of names
// that exists. Without one the test is skipped, or fails where skipping is forbidden.
func peer(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0])
	return ""
}

// asRoot says that Postfix's and Dovecot's masters need root.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "root (Postfix and Dovecot switch users)")
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("WAYBILL_E2E_REQUIRE") == "all" {
		t.Fatalf("peer missing: %s", what)
	}
	t.Skipf("SKIPPED, peer missing: %s", what)
}

// freePort returns a TCP port of 127.0.0.1 that nothing listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
