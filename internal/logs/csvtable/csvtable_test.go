package csvtable_test

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waybill/internal/logs/csvtable"
)

// read returns the header and all rows.
func read(body string) (all [][]string, err error) {
	t, err := csvtable.Open(body)
	if err != nil {
		return nil, err
	}
	all = [][]string{t.Columns}
	err = t.Rows(func(cells []string) error {
		all = append(all, append([]string(nil), cells...))
		return nil
	})
	return all, err
}

func TestRead(t *testing.T) {
	for body, want := range map[string][][]string{
		"a":                             {{"a"}},
		"a,b\n1,2\n":                    {{"a", "b"}, {"1", "2"}},
		"a,b\r\n1,2\r\n\r\n3,\r\n":      {{"a", "b"}, {"1", "2"}, {"3", ""}},
		"\ufeffa, b\n 1,2 ":             {{"a", " b"}, {" 1", "2 "}},
		"\n\na\n\"x\ny\"\n":             {{"a"}, {"x\ny"}},
		"a,b\n\"1,\"\"2\"\"\",\"\"\n":   {{"a", "b"}, {`1,"2"`, ""}},
		"\"a\"\r\n\"\"\r\n\"\"\"\"\r\n": {{"a"}, {""}, {`"`}},
	} {
		got, err := read(body)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", body, err, diff)
		}
	}
}

func TestErrors(t *testing.T) {
	wide := strings.Repeat(",x", csvtable.MaxColumns)
	for body, want := range map[string]string{
		"":                          "line 1: there is no header row",
		"\n \n":                     "line 2: column 1 has no name",
		"a,,b\n":                    "line 1: column 2 has no name",
		"a,b,a\n":                   `line 1: two columns have the name "a"`,
		"a,b\n1,2\n\n3\n":           "line 4: 1 cell, the header row has 2",
		"a,b\n\"1\n\",2\n3,4,5\n":   "line 4: 3 cells, the header row has 2",
		"a,b\n1,2\n3,\"4\n5,6\n":    "line 3: a quoted cell that does not end",
		"a,b\n1,2\"\n":              "line 2: a quote in a cell that does not begin with one",
		"a,b\n1,\"2\" \n":           "line 2: text after the closing quote of a cell",
		"a,b\n\"x\ny\"z,2\n":        "line 3: text after the closing quote of a cell",
		"a\nx\n\xff\n":              "line 3: not UTF-8",
		"a" + wide:                  "line 1: more than 1000 cells",
		"a\n" + "b" + wide + "\n\"": "line 2: more than 1000 cells",
	} {
		_, err := read(body)
		var e *csvtable.Error
		if !errors.As(err, &e) || e.Error() != want {
			t.Errorf("%.40q: %v, want %s", body, err, want)
		}
	}
}

// FuzzRead compares with encoding/csv, which knows the same rules but reads CRLF
// in a quoted cell as LF, and has no rules for headers.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a\r\n\"x\"\"\r\ny\"\r\n", "\ufeffa\n\n\"\"\n", "a,b\n1\n", "a\n\"b\"c\n", "a\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := read(body)
		var e *csvtable.Error
		if errors.As(err, &e) && (e.Line < 1 || e.Line > strings.Count(body, "\n")+1) {
			t.Fatalf("%q: the error is in line %d", body, e.Line)
		}
		if err != nil {
			return
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff")))
		want, err := r.ReadAll()
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("%q is read as %q; encoding/csv: %v", body, got, err)
		}
		for _, row := range got {
			for i := range row {
				row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: %s", body, diff)
		}
	})
}
