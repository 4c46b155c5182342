package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The library ends the process that opens or reads a damaged part, so this test
// binary runs itself as that process.
const (
	probeFolder  = "WAYBILL_TEST_PROBE"  // probe it
	servedFolder = "WAYBILL_TEST_SERVED" // open the engine there, and read everything
)

func helper() {
	var err error
	switch {
	case os.Getenv(probeFolder) != "":
		err = Probe(context.Background(), os.Getenv(probeFolder))
	case os.Getenv(servedFolder) != "":
		err = readEverything(os.Getenv(servedFolder))
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runSelf(name, folder string) (output string, err error) {
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), name+"="+folder)
	out, err := c.CombinedOutput()
	return string(out), err
}

func probeByProcess(folder string) error {
	if out, err := runSelf(probeFolder, folder); err != nil {
		return fmt.Errorf("%w: %.300s", err, out)
	}
	return nil
}

// damagedRows is how many rows each of the two days has.
const damagedRows = 300

// readEverything prints how many events of either day are found, by pages and
// by a search that no event answers.
func readEverything(folder string) error {
	OnPanic(func(string) { os.Exit(2) }) // as a server does, which begins anew
	e, err := OpenWith(folder, Options{Log: slog.New(slog.NewTextHandler(os.Stdout, nil)), Probe: probeByProcess})
	if err != nil {
		return err
	}
	for day := range 2 {
		q := everything(group)
		q.From, q.To = noon+int64(day)*dayMillis, noon+int64(day)*dayMillis+damagedRows
		p, err := e.Page(context.Background(), q)
		if err != nil {
			return err
		}
		q.Contains = [][]string{{"nowhere"}}
		if _, err := e.Page(context.Background(), q); err != nil {
			return err
		}
		fmt.Printf("day %d: %d events\n", day, len(p.Events))
	}
	fmt.Printf("quarantined: %d\n", len(e.Quarantined()))
	return e.Close()
}

// damage is one way to damage a file.
var damage = map[string]func([]byte) []byte{
	"truncated": func(b []byte) []byte { return b[:len(b)/2] },
	"zeroed":    func(b []byte) []byte { return make([]byte, len(b)) },
	"flipped": func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 0x55
		return b
	},
	"gone": func([]byte) []byte { return nil },
}

func TestADamagedFileOfADayDoesNotTakeTheOther(t *testing.T) {
	template := t.TempDir()
	e := open(t, template)
	for day := range int64(2) {
		for i := range int64(damagedRows) {
			add(t, e, Row{Tenant: group, Stream: 1, ID: uint64(1 + day*1000 + i), Time: noon + day*dayMillis + i, Ingested: noon,
				Message: fmt.Sprintf(`{"n":%d,"name":"event %d"}`, i, i*i)})
		}
	}
	closeEngine(t, e)
	found := map[string]int{}
	for _, file := range dayFiles(t, template, dayName(noon)) {
		for way, change := range damage {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, file)
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if changed := change(data); changed == nil {
				err = os.Remove(name)
			} else {
				err = os.WriteFile(name, changed, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			runs, out := serveDamaged(t, dir)
			what := fmt.Sprintf("%s %s", filepath.Base(file), way)
			if !strings.Contains(out, fmt.Sprintf("day 1: %d events", damagedRows)) {
				t.Errorf("%s: the other day's events are not all served after %d runs:\n%s", what, runs, out)
			}
			if !strings.Contains(out, fmt.Sprintf("day 0: %d events", damagedRows)) && strings.Contains(out, "quarantined: 0") {
				t.Errorf("%s: events are missing, and nothing is in quarantine:\n%s", what, out)
			}
			found[fmt.Sprint(runs, " runs")]++
		}
	}
	t.Logf("served after %v", found)
}

// A list that names other parts than there are must not make the library remove
// those that it should have named.
func TestAWrongListOfPartsRemovesNone(t *testing.T) {
	other := func(name string) string {
		last := "0"
		if strings.HasSuffix(name, last) {
			last = "1"
		}
		return name[:len(name)-1] + last
	}
	for what, c := range map[string]struct {
		list     func(a, b string) []string
		kept     int // of the day's two parts
		quarters int // what is in quarantine
	}{
		"another part for one":  {func(a, b string) []string { return []string{other(a), b} }, 1, 1},
		"other parts for both":  {func(a, b string) []string { return []string{other(a), other(b)} }, 0, 2},
		"one in another case":   {func(a, b string) []string { return []string{strings.ToLower(a), b} }, 1, 1},
		"one twice":             {func(a, b string) []string { return []string{b, b} }, 1, 1},
		"one twice, all listed": {func(a, b string) []string { return []string{a, b, a} }, 2, 0},
		"no part":               {func(a, b string) []string { return []string{"zz"} }, 0, 1},
	} {
		dir := t.TempDir()
		e := open(t, dir)
		add(t, e, Row{Tenant: group, Stream: 1, ID: 1, Time: noon, Ingested: noon, Message: "one"})
		closeEngine(t, e)
		data := filepath.Join(dir, "storage/partitions", dayName(noon), "datadb")
		names, err := readPartNames(data)
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		second := "18AAAAAAAAAAAAAA"
		if err := os.CopyFS(filepath.Join(data, second), os.DirFS(filepath.Join(data, names[0]))); err != nil {
			t.Fatal(err)
		}
		if err := writePartNames(data, c.list(second, names[0])); err != nil {
			t.Fatal(err)
		}
		e = open(t, dir)
		if n := len(e.Quarantined()); n != c.quarters {
			t.Errorf("%s: %q in quarantine, want %d", what, e.Quarantined(), c.quarters)
		}
		if left, _ := readPartNames(data); len(left) != c.kept {
			t.Errorf("%s: %q stayed, want %d", what, left, c.kept)
		}
		closeEngine(t, e)
	}
}

// A changed list of parts names other parts than there are. The library deletes
// the folders that it does not name.
func TestAPartThatADamagedListDoesNotNameIsKept(t *testing.T) {
	for name, change := range map[string]func(names []string) []string{
		"another name": func(names []string) []string { return append(names[1:], "0123456789ABCDEF") },
		"a name twice": func(names []string) []string { return append(names[1:], names[1]) },
	} {
		dir := t.TempDir()
		e := open(t, dir)
		for i := range int64(2) {
			add(t, e, Row{Tenant: group, Stream: 1, ID: uint64(1 + i), Time: noon + i, Ingested: noon, Message: "x"})
			if err := e.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		closeEngine(t, e)
		data := filepath.Join(dir, "storage/partitions", dayName(noon), "datadb")
		names, err := readPartNames(data)
		if err != nil || len(names) != 2 {
			t.Fatal(names, err)
		}
		if err := writePartNames(data, change(names)); err != nil {
			t.Fatal(err)
		}
		out, err := runSelf(servedFolder, dir)
		if err != nil || !strings.Contains(out, "day 0: 1 events") || !strings.Contains(out, "quarantined: 1") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// serveDamaged starts a reader again, as a server begins anew, until it ends
// well: what it said last is left for the next start.
func serveDamaged(t *testing.T, dir string) (runs int, output string) {
	t.Helper()
	for runs = 1; runs <= 3; runs++ {
		out, err := runSelf(servedFolder, dir)
		if err == nil {
			return runs, out
		}
		output += out
		if err := Suspect(dir, out); err != nil {
			t.Fatal(err)
		}
	}
	return runs, output
}

// dayFiles lists the files of a day, from the engine's folder on.
func dayFiles(t *testing.T, folder, day string) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"datadb/*/*", "datadb/parts.json", "indexdb/*/*", "indexdb/parts.json"} {
		list, err := filepath.Glob(filepath.Join(folder, "storage/partitions", day, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			below, _ := filepath.Rel(folder, f)
			files = append(files, below)
		}
	}
	if len(files) < 20 {
		t.Fatal(errors.New("the day has too few files"), files)
	}
	return files
}

// The making of a day can be cut short anywhere.
func TestADayHalfMadeIsFinished(t *testing.T) {
	for _, left := range []string{"", "indexdb", "indexdb datadb"} {
		dir := t.TempDir()
		closeEngine(t, open(t, dir))
		for _, f := range append(strings.Fields(left), "") {
			if err := os.MkdirAll(filepath.Join(dir, "storage/partitions", dayName(noon), f), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		out, err := runSelf(servedFolder, dir)
		if err != nil {
			t.Errorf("with %q made: %v\n%s", left, err, out)
			continue
		}
		e := open(t, dir)
		add(t, e, Row{Tenant: group, Stream: 1, ID: 5, Time: noon, Ingested: noon, Message: "x"})
		if n := len(page(t, e, everything(group)).Events); n != 1 {
			t.Errorf("with %q made: %d events, want 1", left, n)
		}
		closeEngine(t, e)
	}
}
