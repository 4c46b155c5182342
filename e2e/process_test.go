package e2e

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for a peer; reaching it fails the test.
const patience = 60 * time.Second

// process is a program that a test started.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed once it has ended
}

// startProcess starts a program whose output goes to a file and ends it, by its
// own process id, when the test is over.
func startProcess(t *testing.T, cmd *exec.Cmd, output string) *process {
	t.Helper()
	f, err := os.Create(output)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	f.Close()
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() { cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("--- %s\n%s", output, tail(readFile(output), 4000))
		}
	})
	return p
}

// stop asks the program to end and waits.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Errorf("%s did not stop on SIGTERM", p.cmd.Path)
		p.kill()
	}
}

// kill ends the program at once (SIGKILL).
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// eventually polls until ok, which says why not, and fails at the end of our patience.
// Peers are other programs: there is no hook to wait on.
func eventually(t *testing.T, what string, ok func() (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		done, why := ok()
		if done {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v: %s", what, patience, why)
		case <-tick.C:
		}
	}
}

func waitPort(t *testing.T, port int) {
	t.Helper()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	eventually(t, "a listener on "+addr, func() (bool, string) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return false, err.Error()
		}
		c.Close()
		return true, ""
	})
}

func readFile(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func tail(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}
