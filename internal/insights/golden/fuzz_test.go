package golden

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
)

// FuzzRun runs whatever can be read over a small corpus: it ends without a panic
// and says the same however the rows come.
func FuzzRun(f *testing.F) {
	files, err := Read("testdata")
	if err != nil {
		f.Fatal(err)
	}
	byCorpus := map[string]*File{}
	for _, file := range files {
		byCorpus[file.Corpus] = file
		for _, c := range file.Cases {
			f.Add(c.Query)
		}
	}
	file := byCorpus["values"]
	f.Fuzz(func(t *testing.T, query string) {
		if !utf8.ValidString(query) || strings.Contains(strings.ToLower(query), "any") {
			return // limit any may give any rows
		}
		a, errA := run(file, query, Rows{Size: 100}, 1)
		b, errB := run(file, query, Rows{Size: 2}, 3)
		var wrong *syntax.Error
		var limit *exec.LimitError
		if errA != nil && !errors.As(errA, &wrong) && !errors.As(errA, &limit) && errA.Error() != errB.Error() {
			t.Fatalf("%s: %v; %v", query, errA, errB)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("%s\n%s", query, diff)
		}
	})
}
