// Package linetest runs a line parser over files of log lines and compares what
// it says with golden files: run the tests with -update to write them.
package linetest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

var update = flag.Bool("update", false, "write the golden files")

// Clock is the clock of the recorded scenarios: UTC, soon after they ran.
var Clock = logline.Clock{Zone: time.UTC, Now: func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }}

// Parser is a line parser of one kind of server.
type Parser func(line string, clock logline.Clock, dst []evidence.Record) ([]evidence.Record, logline.Outcome)

// Lines reads the lines of files, by name of the file's folder and the file.
func Lines(t testing.TB, pattern string) (names []string, lines map[string][]string) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files match %s (%v)", pattern, err)
	}
	lines = map[string][]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
		names = append(names, name)
		if text := strings.TrimSuffix(string(data), "\n"); text != "" {
			lines[name] = strings.Split(text, "\n")
		}
	}
	return names, lines
}

// Golden parses every line of the files that match pattern and compares the
// outcomes and facts with the golden file. Lines that begin with "# " are
// comments. It also checks what holds for every line: an outcome of Evidence
// comes with records, every other outcome with none, and records survive the
// spool's encoding.
func Golden(t *testing.T, parse Parser, pattern, golden string) {
	t.Helper()
	names, lines := Lines(t, pattern)
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "== %s\n", name)
		for _, line := range lines[name] {
			if strings.HasPrefix(line, "# ") {
				fmt.Fprintln(&b, line)
				continue
			}
			write(t, &b, parse, line)
		}
	}
	compare(t, golden, b.String())
}

func write(t *testing.T, b *strings.Builder, parse Parser, line string) {
	t.Helper()
	records, outcome := parse(line, Clock, nil)
	Check(t, line, records, outcome)
	if len(records) == 0 {
		fmt.Fprintf(b, "%-8s %.100s\n", outcome, line)
	}
	for _, r := range records {
		writeRecord(t, b, r)
	}
}

func writeRecord(t testing.TB, b *strings.Builder, r evidence.Record) {
	fmt.Fprintf(b, "%s %s %s\n", r.Time.Format("2006-01-02 15:04:05.999999Z07:00"), r.Host, factJSON(t, r))
}

// Section is a named list of records in a golden file.
type Section struct {
	Name    string
	Records []evidence.Record
}

// GoldenRecords compares records with a golden file.
func GoldenRecords(t *testing.T, sections []Section, golden string) {
	t.Helper()
	var b strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&b, "== %s\n", s.Name)
		for _, r := range s.Records {
			Check(t, s.Name, []evidence.Record{r}, logline.Evidence)
			writeRecord(t, &b, r)
		}
	}
	compare(t, golden, b.String())
}

func factJSON(t testing.TB, r evidence.Record) string {
	t.Helper()
	var plain struct {
		Kind string          `json:"k"`
		Fact json.RawMessage `json:"f"`
	}
	data, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(data, &plain)
	}
	if err != nil {
		t.Fatal(err)
	}
	fact := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(plain.Fact))
	return plain.Kind + " " + fact
}

// Check fails when an outcome and its records contradict each other, or a
// record does not survive the spool's encoding.
func Check(t testing.TB, line string, records []evidence.Record, outcome logline.Outcome) {
	t.Helper()
	if (outcome == logline.Evidence) != (len(records) > 0) {
		t.Fatalf("%d records with outcome %s for %q", len(records), outcome, line)
	}
	for _, r := range records {
		if r.Time.IsZero() || r.Fact == nil {
			t.Fatalf("record without time or fact for %q: %+v", line, r)
		}
	}
	blob, err := evidence.EncodeBatch(records)
	if err != nil {
		t.Fatalf("encode the records of %q: %v", line, err)
	}
	back, err := evidence.DecodeBatch(blob)
	if err != nil {
		t.Fatalf("decode the records of %q: %v", line, err)
	}
	again, err := evidence.EncodeBatch(back)
	if err != nil || !bytes.Equal(blob, again) {
		t.Fatalf("records of %q changed in the spool's encoding (%v)", line, err)
	}
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(wantLines), len(gotLines)) {
		w, g := "", ""
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if w != g {
			t.Fatalf("%s line %d:\n got %s\nwant %s", golden, i+1, g, w)
		}
	}
}
