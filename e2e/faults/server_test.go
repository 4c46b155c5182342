package faults

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

const patience = 30 * time.Second

// server is one `waybill serve` after another on one data folder and one address.
type server struct {
	binary, data, addr string
	config             string // a file
	log                *os.File
	cmd                *exec.Cmd
	ended              chan struct{}
}

// binary builds cmd/waybill once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "waybill-faults-")
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

func newServer(t *testing.T, data string) *server {
	t.Helper()
	s := &server{data: data, addr: freeAddress(t)}
	var err error
	if s.binary, err = binary(); err != nil {
		t.Fatal(err)
	}
	s.config = filepath.Join(t.TempDir(), "waybill.toml")
	// Checkpoints come often, so that faults fall into them.
	err = os.WriteFile(s.config, []byte("checkpoint_seconds = 0.2\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "waybill.log")
	if s.log, err = os.Create(name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.running() {
			s.kill()
		}
		s.log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(name)
			t.Logf("--- the server's log ends\n%s", text)
		}
	})
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the server and returns once it is ready.
func (s *server) start() error {
	s.cmd = exec.Command(s.binary, "serve", "--config", s.config, "--data", s.data, "--listen", s.addr)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	return s.ready()
}

// ready waits for the health check.
func (s *server) ready() error {
	deadline := time.Now().Add(patience)
	for {
		resp, err := http.Get("http://" + s.addr + "/healthz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended by itself: %v", s.cmd.ProcessState)
		case <-time.After(5 * time.Millisecond): // another program: there is no hook to wait on
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server was not ready within %v", patience)
		}
	}
}

func (s *server) running() bool {
	if s.ended == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// kill ends the server at once.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// stop ends the server with SIGTERM, which it must obey well.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to the log
		<-s.ended
		return fmt.Errorf("the server did not end within %v of SIGTERM", patience)
	}
	if !s.cmd.ProcessState.Success() {
		return fmt.Errorf("the server ended badly on SIGTERM: %v", s.cmd.ProcessState)
	}
	return nil
}

// client speaks for the administrator; it does not retry by itself, since a
// retry of a batch without a sequence token is a second batch.
func (s *server) client(t *testing.T) *cloudwatchlogs.Client {
	t.Helper()
	cfg, err := awsconfig.LoadDefaultConfig(context.Background(), awsconfig.WithRegion("us-east-1"),
		awsconfig.WithBaseEndpoint("http://"+s.addr), awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		awsconfig.WithSharedConfigFiles(nil), awsconfig.WithSharedCredentialsFiles([]string{filepath.Join(s.data, "credentials")}))
	if err != nil {
		t.Fatal(err)
	}
	return cloudwatchlogs.NewFromConfig(cfg)
}

// run runs another command of the program.
func (s *server) run(args ...string) (output string, err error) {
	out, err := exec.Command(s.binary, args...).CombinedOutput()
	return string(out), err
}

// missing skips a test for want of something, or fails where that is forbidden.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("WAYBILL_E2E_REQUIRE") == "all" {
		t.Fatalf("peer missing: %s", what)
	}
	t.Skipf("SKIPPED, peer missing: %s", what)
}
