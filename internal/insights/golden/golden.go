// Package golden reads the golden queries: what Logs Insights must answer over
// fixed events. It is for tests only; testdata/README has the format. The
// evaluator's test runs them over rows made here, the planner's over the engine:
// the answers must be the same.
package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// Event is one log event of a corpus.
type Event struct {
	// Time is in milliseconds since the Unix epoch; it was ingested a second later.
	Time    int64
	Group   string
	Stream  string
	Message string
}

// Account is the account that the events are of.
const Account = "111122223333"

// Now is when the queries are started.
var Now = time.Date(2025, 11, 25, 12, 0, 0, 0, time.UTC)

// File is one file of queries.
type File struct {
	Path string
	// Corpus is the name of the corpus, Events what is in it, in order of time.
	Corpus string
	Events []Event
	// Start and End are the time range in milliseconds, both included.
	Start, End int64
	Cases      []Case
	head       string
}

// Case is one query and the answer it must have, as Table prints it, or "error: "
// and the error.
type Case struct {
	Name  string
	Query string
	Want  string
}

// timeFormat is how a corpus and a file of queries write times.
const timeFormat = "2006-01-02T15:04:05.000Z"

// Read reads all files of queries in dir, the package's testdata.
func Read(dir string) ([]*File, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "queries", "*.txt"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var files []*File
	for _, p := range paths {
		f, err := readFile(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func readFile(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(string(data), "\n---\n")
	f := &File{Path: path, head: parts[0]}
	for line := range strings.Lines(parts[0]) {
		if name, ok := strings.CutPrefix(line, "corpus: "); ok {
			f.Corpus = strings.TrimSpace(name)
		}
		if at, ok := strings.CutPrefix(line, "from: "); ok {
			from, err := time.Parse(timeFormat, strings.TrimSpace(at))
			if err != nil {
				return nil, err
			}
			f.Start = from.UnixMilli()
		}
	}
	if f.Events, err = ReadCorpus(filepath.Join(filepath.Dir(path), "..", "corpus", f.Corpus+".txt")); err != nil {
		return nil, err
	}
	f.End = f.Events[len(f.Events)-1].Time
	if f.Start == 0 {
		f.Start = f.Events[0].Time
	}
	for _, part := range parts[1:] {
		c, err := readCase(part)
		if err != nil {
			return nil, err
		}
		f.Cases = append(f.Cases, c)
	}
	return f, nil
}

func readCase(part string) (Case, error) {
	name, rest, ok := strings.Cut(strings.TrimPrefix(part, "\n"), "\n")
	name, isName := strings.CutPrefix(name, "# ")
	if !ok || !isName {
		return Case{}, fmt.Errorf("a case begins with \"# what it is about\": %q", part)
	}
	query, want, _ := strings.Cut(rest, "\n=>\n")
	return Case{Name: name, Query: strings.TrimSuffix(query, "\n=>"), Want: strings.TrimRight(want, "\n")}, nil
}

// ReadCorpus reads events: a line each of time, log group, log stream and message.
func ReadCorpus(path string) ([]Event, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []Event
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		if len(f) != 4 {
			return nil, fmt.Errorf("%s: %q is no event", path, line)
		}
		t, err := time.Parse(timeFormat, f[0])
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(f[3], "{") {
			f[3] = strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(f[3])
		}
		out = append(out, Event{t.UnixMilli(), f[1], f[2], f[3]})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Time < out[j].Time })
	return out, nil
}

// Write writes the file back with the answers in Cases.
func (f *File) Write() error {
	var b strings.Builder
	b.WriteString(f.head)
	for _, c := range f.Cases {
		b.WriteString("\n---\n# " + c.Name + "\n" + c.Query + "\n=>\n" + c.Want + "\n")
	}
	return os.WriteFile(f.Path, []byte(b.String()), 0o644)
}
