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
	f, err := Open(filepath.Join(t.TempDir(), "queries"))
	must(t, err)
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
	f, err := Open(path)
	must(t, err)
	_, err = f.Write("q", nil, someRows, Killed)
	must(t, err)
	for name, want := range map[string]fs.FileMode{path: 0o700 | fs.ModeDir, filepath.Join(path, "q.query"): 0o600} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode() != want {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

// Whichever byte of a file is another, missing or one too many, it is damaged.
func TestDamageIsFound(t *testing.T) {
	path := t.TempDir()
	f, err := Open(path)
	must(t, err)
	_, err = f.Write("q", []byte(`{"a":1}`), someRows, Killed)
	must(t, err)
	name := filepath.Join(path, "q.query")
	whole, err := os.ReadFile(name)
	must(t, err)
	damaged := func(what string, b []byte) {
		t.Helper()
		must(t, os.WriteFile(name, b, 0o600))
		if _, _, err := f.Read("q"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 0x10
		damaged(fmt.Sprintf("byte %d", i), b)
		damaged(fmt.Sprintf("cut at %d", i), whole[:i])
	}
	damaged("one more", append(bytes.Clone(whole), 0))
}

func TestWhatAKilledProcessWasWritingIsRemoved(t *testing.T) {
	path := t.TempDir()
	must(t, os.WriteFile(filepath.Join(path, "q.query.new"), []byte("half"), 0o600))
	f, err := Open(path)
	must(t, err)
	if list, err := os.ReadDir(path); err != nil || len(list) != 0 {
		t.Errorf("there is %v, %v", list, err)
	}
	if ids, err := f.IDs(); err != nil || len(ids) != 0 {
		t.Errorf("queries %v, %v", ids, err)
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

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{0, 100, 10_000} {
		rows := many(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f, err := Open(b.TempDir())
			must(b, err)
			header := bytes.Repeat([]byte("x"), 1500)
			for b.Loop() {
				if _, err := f.Write("q", header, rows, Killed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	f, err := Open(b.TempDir())
	must(b, err)
	_, err = f.Write("q", bytes.Repeat([]byte("x"), 1500), many(10_000), Killed)
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
