package keep

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"waybill/internal/insights/exec"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var someRows = [][]exec.Field{
	{{Name: "from", Value: "anna@example.com"}, {Name: "@ptr", Value: "CmE="}},
	{},
	{{Name: "subject", Value: "not \xff UTF-8\x00"}, {Name: "from", Value: ""}},
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "queries"))
	for what, rows := range map[string][][]exec.Field{"none": nil, "some": someRows, "many": many(5000)} {
		for _, d := range []Durability{Killed, PowerCut} {
			size, err := f.Write("q", []byte("header of "+what), rows, d)
			must(t, err)
			header, got, err := f.Read("q")
			must(t, err)
			if string(header) != "header of "+what || !reflect.DeepEqual(got, rows) {
				t.Errorf("%s: read %q and %d rows", what, header, len(got))
			}
			only, length, err := f.Header("q")
			must(t, err)
			if !bytes.Equal(only, header) || length != size {
				t.Errorf("%s: header %q of %d bytes, written %d", what, only, length, size)
			}
		}
	}
	if ids, err := f.IDs(); err != nil || len(ids) != 1 || ids[0] != "q" {
		t.Errorf("queries %v, %v", ids, err)
	}
	must(t, f.Remove("q"))
	must(t, f.Remove("q"))
	if _, _, err := f.Read("q"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func many(n int) (rows [][]exec.Field) {
	for i := range n {
		rows = append(rows, []exec.Field{{Name: "n", Value: fmt.Sprint(i)}, {Name: "text", Value: strings.Repeat("x", i%100)}})
	}
	return rows
}

// Answers hold what was in the events.
func TestNobodyElseReadsThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queries")
	f := Open(path)
	_, err := f.Write("q", nil, someRows, Killed)
	must(t, err)
	for name, want := range map[string]fs.FileMode{path: 0o700 | fs.ModeDir, filepath.Join(path, "q.query"): 0o600} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode() != want {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

// Whichever byte of a file is another, missing or one too many: it is damaged, or
// there is what was written before.
func TestDamageIsFound(t *testing.T) {
	path := t.TempDir()
	f := Open(path)
	first, err := f.Write("q", []byte("before"), nil, Killed)
	must(t, err)
	size, err := f.Write("q", []byte("after"), someRows, Killed)
	must(t, err)
	name := filepath.Join(path, "q.query")
	whole, err := os.ReadFile(name)
	must(t, err)
	if int64(len(whole)) != size {
		t.Errorf("%d bytes, want %d", len(whole), size)
	}
	read := func(b []byte) string {
		t.Helper()
		must(t, os.WriteFile(name, b, 0o600))
		header, _, err := f.Read("q")
		if errors.Is(err, ErrDamaged) {
			return "damaged"
		}
		must(t, err)
		return string(header)
	}
	allowed := func(i int64, got string) bool {
		switch {
		case i >= 20 && i < first: // what no longer counts is not looked at
			return got == "after"
		case i >= first+8 && i < first+20: // the lengths
			return got == "before" || got == "damaged"
		}
		return got == "damaged"
	}
	for i := range size {
		b := bytes.Clone(whole)
		b[i] ^= 0x10
		if got := read(b); !allowed(i, got) {
			t.Errorf("byte %d: %s", i, got)
		}
		want := "before"
		if i < first {
			want = "damaged"
		}
		if got := read(whole[:i]); got != want {
			t.Errorf("cut at %d: %s, want %s", i, got, want)
		}
	}
	if got := read(append(bytes.Clone(whole), 1)); got != "after" {
		t.Errorf("one more: %s", got)
	}
}

// What a killed process did not write to its end is as if it had not begun, and
// the next one writes in its place.
func TestAKilledProcess(t *testing.T) {
	path := t.TempDir()
	f := Open(path)
	first, err := f.Write("q", []byte("before"), nil, Killed)
	must(t, err)
	_, err = f.Write("q", []byte("after"), someRows, Killed)
	must(t, err)
	name := filepath.Join(path, "q.query")
	whole, err := os.ReadFile(name)
	must(t, err)
	// The first bytes of a section are written last.
	clear(whole[first : first+prefix])
	must(t, os.WriteFile(name, whole, 0o600))
	if header, rows, err := f.Read("q"); err != nil || string(header) != "before" || rows != nil {
		t.Errorf("read %q, %v, %v", header, rows, err)
	}
	_, err = f.Write("q", []byte("then"), someRows[:1], Killed)
	must(t, err)
	if header, rows, err := f.Read("q"); err != nil || string(header) != "then" || len(rows) != 1 {
		t.Errorf("read %q, %v, %v", header, rows, err)
	}
}

func FuzzRows(f *testing.F) {
	var b bytes.Buffer
	must(f, encode(&b, someRows))
	f.Add(b.Bytes())
	f.Add([]byte{1, 1, 'a', 1, 1, 0, 200})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := decode(b)
		if err != nil {
			return
		}
		var again bytes.Buffer
		must(t, encode(&again, rows))
		same, err := decode(again.Bytes())
		if err != nil || len(rows) > 0 && !reflect.DeepEqual(rows, same) {
			t.Errorf("%v became %v, %v", rows, same, err)
		}
	})
}

// BenchmarkWrite is what keeping a query costs: its start and its end.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{0, 100, 10_000} {
		rows := many(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := Open(b.TempDir())
			header, i := bytes.Repeat([]byte("x"), 1500), 0
			for b.Loop() {
				i++
				if _, err := f.Write(fmt.Sprint(i), header, nil, Killed); err != nil {
					b.Fatal(err)
				}
				if _, err := f.Write(fmt.Sprint(i), header, rows, Killed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	f := Open(b.TempDir())
	_, err := f.Write("q", bytes.Repeat([]byte("x"), 1500), many(10_000), Killed)
	must(b, err)
	b.Run("header", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := f.Header("q"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := f.Read("q"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
