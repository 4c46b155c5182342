package event

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestSchemaHoldsForRecordedMail validates every event that the state machine
// makes of the recorded scenarios.
func TestSchemaHoldsForRecordedMail(t *testing.T) {
	files, err := filepath.Glob("../mailtrace/testdata/recorded/*/expected")
	if err != nil || len(files) == 0 {
		t.Fatalf("no expected events: %v", err)
	}
	schema, n := compileSchema(t), 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			if line = bytes.TrimSpace(line); len(line) == 0 || line[0] != '{' {
				continue
			}
			n++
			if err := validateSchema(schema, line); err != nil {
				t.Errorf("%s: %v\n%s", file, err, line)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d events in %d files", n, len(files))
	}
}
