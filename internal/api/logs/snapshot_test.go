package logsapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"waybill/internal/api"
	logsapi "waybill/internal/api/logs"
)

// snapshot is a request that the Go SDK's own tests recorded: every member of
// the operation's input is set.
type snapshot struct {
	operation string
	headers   map[string]string
	body      string
}

// snapshots reads those of the SDK's module from where it is; nothing is copied.
func snapshots(t *testing.T) []snapshot {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs").Output()
	must(t, err)
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "request_snapshot", "*.request.snap"))
	must(t, err)
	if len(files) < 100 {
		t.Fatalf("the SDK's module has %d request snapshots, want 100 and more", len(files))
	}
	var list []snapshot
	for _, f := range files {
		raw, err := os.ReadFile(f)
		must(t, err)
		s := snapshot{operation: strings.TrimSuffix(filepath.Base(f), ".request.snap"), headers: map[string]string{}}
		head, body, ok := strings.Cut(string(raw), "\n\n{")
		if !ok {
			t.Fatalf("%s is not what it was", f)
		}
		s.body = "{" + body
		for line := range strings.Lines(head) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
				s.headers[name] = value
			}
		}
		list = append(list, s)
	}
	return list
}

// post signs and sends a request as it was recorded, as the administrator.
func (v *server) post(t *testing.T, s snapshot) (status int, answer map[string]any) {
	t.Helper()
	return v.postAs(t, "AKIDadmin", s)
}

func (v *server) postAs(t *testing.T, key string, s snapshot) (status int, answer map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url, strings.NewReader(s.body))
	must(t, err)
	for name, value := range s.headers {
		req.Header.Set(name, value)
	}
	must(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, req,
		sha256hex(s.body), "logs", region, time.Now()))
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	v.contentType = resp.Header.Get("Content-Type")
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Errorf("%s: the answer is no JSON: %s", s.operation, body)
	}
	return resp.StatusCode, answer
}

// TestTheSDKsOwnRequestsAreRead replays the snapshots of all operations: those
// that are there take the request apart, with every member, and those that are
// not say so.
func TestTheSDKsOwnRequestsAreRead(t *testing.T) {
	v := newServer(t)
	v.admin(t)
	registry, err := api.NewRegistry(logsapi.Operations(v.logs), logsapi.QueryOperations(nil))
	must(t, err)
	known := 0
	for _, s := range snapshots(t) {
		status, answer := v.post(t, s)
		op, there := registry.Lookup("logs", s.operation)
		switch code, _ := answer["__type"].(string); {
		case !there && (status != http.StatusBadRequest || code != "UnknownOperationException"):
			t.Errorf("%s is not there and answered %d %v", s.operation, status, answer)
		case there && (status >= 500 || code == "SerializationException" || code == "UnknownOperationException"):
			t.Errorf("%s answered %d %v", s.operation, status, answer)
		}
		if there {
			known++
			roundTrip(t, s, op.NewInput())
		}
	}
	if known < 40 {
		t.Errorf("%d operations are there", known)
	}
}

// roundTrip decodes a request into the operation's input and encodes it again:
// no member may be lost, but for operations that take no notice of any.
func roundTrip(t *testing.T, s snapshot, in any) {
	t.Helper()
	if _, ok := in.(*struct{}); ok {
		return
	}
	must(t, json.Unmarshal([]byte(s.body), in))
	again, err := json.Marshal(in)
	must(t, err)
	if got, want := generic(t, again), generic(t, []byte(s.body)); !reflect.DeepEqual(got, want) {
		t.Errorf("%s came back as\n%s\nwant\n%s", s.operation, again, s.body)
	}
}

func generic(t *testing.T, data []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	must(t, d.Decode(&v))
	return v
}
