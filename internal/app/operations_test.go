package app

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"waybill/internal/config"
)

// TestEveryLogsOperationIsDocumented holds the table of docs/compatibility.md
// against the SDK's model and what the server really answers.
func TestEveryLogsOperationIsDocumented(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	documented := documentedOperations(t)
	model := modelOperations(t)
	for _, name := range model {
		answer, ok := documented[name]
		delete(documented, name)
		_, registered := s.door.Registry.Lookup("logs", name)
		switch {
		case !ok:
			t.Errorf("%s is not in the table of docs/compatibility.md", name)
		case registered == (answer == "`UnknownOperationException`"):
			t.Errorf("%s: docs/compatibility.md says %q, registered: %v", name, answer, registered)
		}
	}
	for name := range documented {
		t.Errorf("docs/compatibility.md lists %s, which the model has not", name)
	}
	for _, op := range s.door.Registry.Operations() {
		if _, err := os.Stat(filepath.Join(modelFolder(t), "api_op_"+op.Name+".go")); op.Service == "logs" && err != nil {
			t.Errorf("%s is registered and not in the model", op.Name)
		}
	}
}

// documentedOperations returns the answer of each operation in the table.
func documentedOperations(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "## CloudWatch Logs, operation by operation")
	if !found {
		t.Fatal("docs/compatibility.md has lost its table of operations")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	answers := map[string]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.Contains(line, "---") || strings.Contains(line, "| answer |") {
			continue
		}
		for name := range strings.SplitSeq(cells[2], ",") {
			name = strings.TrimSpace(name)
			if answers[name] != "" {
				t.Errorf("docs/compatibility.md lists %s twice", name)
			}
			answers[name] = strings.TrimSpace(cells[1])
		}
	}
	return answers
}

// modelFolder is where the SDK's module is, which has a file for each operation.
func modelFolder(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func modelOperations(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(modelFolder(t), "api_op_*.go"))
	if err != nil || len(files) < 100 {
		t.Fatalf("the SDK's module has %d operations: %v", len(files), err)
	}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "api_op_"), ".go")
		if !strings.HasSuffix(name, "_test") {
			names = append(names, name)
		}
	}
	return names
}
