package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// probeDay has the parts of a day read, in a process of its own each time, since
// the library ends the process that reads a damaged one: first all of them, and
// one by one if that failed.
func (q *quarantine) probeDay(day string) error {
	data := filepath.Join(day, "datadb")
	names, err := readPartNames(data)
	if err != nil {
		return err
	}
	if q.probeParts(day, names) == nil {
		return nil
	}
	if bad := q.probeParts(day, nil); bad != nil { // the index alone
		index := filepath.Join(day, "indexdb")
		if err := q.move(index, bad.Error()); err != nil {
			return err
		}
		if err := emptyIndex(index); err != nil {
			return err
		}
	}
	var good []string
	for _, name := range names {
		bad := q.probeParts(day, []string{name})
		if bad == nil {
			good = append(good, name)
			continue
		}
		if err := q.part(filepath.Join(data, name), bad.Error()); err != nil {
			return err
		}
	}
	return q.relist(data, names, good)
}

// probeParts has some parts of a day read, linked to a folder of their own.
func (q *quarantine) probeParts(day string, names []string) error {
	folder := filepath.Join(q.path, "probe")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	to := filepath.Join(folder, "partitions", filepath.Base(day))
	if err := linkTree(filepath.Join(day, "indexdb"), filepath.Join(to, "indexdb")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(to, "datadb"), 0o700); err != nil {
		return err
	}
	for _, name := range names {
		if err := linkTree(filepath.Join(day, "datadb", name), filepath.Join(to, "datadb", name)); err != nil {
			return err
		}
	}
	if err := writePartNames(filepath.Join(to, "datadb"), names); err != nil {
		return err
	}
	return q.probe(folder)
}

// linkTree makes a folder with hard links to the files of another.
func linkTree(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range list {
		a, b := filepath.Join(from, f.Name()), filepath.Join(to, f.Name())
		if f.IsDir() {
			err = linkTree(a, b)
		} else {
			err = os.Link(a, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Probe opens the library's storage in a folder and reads everything in it: all
// values, and all of the filters that searches use. It is what a process of its
// own is for: on damage the library ends the process. The folder is changed.
func Probe(ctx context.Context, folder string) error {
	// At once: a goroutine of the library that panics lets its query end first,
	// as if it had found nothing, and the process could end well before it dies.
	OnPanic(func(string) { os.Exit(2) })
	s := logstorage.MustOpenStorage(folder, &logstorage.StorageConfig{Retention: forever, FutureRetention: forever, FlushInterval: never})
	defer s.MustClose()
	want, err := rowsListed(folder)
	if err != nil {
		return err
	}
	e := &Embedded{path: folder, storage: s}
	tenants, err := s.GetTenantIDs(ctx, 0, forever.Nanoseconds())
	if err != nil || len(tenants) == 0 {
		return err // without an index nobody knows whose rows there are
	}
	names, rows := map[string]struct{}{}, uint64(0)
	err = e.run(ctx, tenants, "*", 0, probeEnd, func(b *logstorage.DataBlock) {
		rows += uint64(b.RowsCount())
		for _, c := range b.Columns {
			names[strings.Clone(c.Name)] = struct{}{}
		}
	})
	if err != nil {
		return err
	}
	if rows > want {
		return fmt.Errorf("%d rows are read of %d", rows, want)
	}
	words := make([]string, 0, len(names))
	for name := range names {
		if name != colTime && !strings.HasPrefix(name, "_stream") {
			words = append(words, quote(name)+`:"\u0001"`, quote(name)+":"+quote("probe0probe"))
		}
	}
	if len(words) == 0 {
		return nil
	}
	return e.run(ctx, tenants, strings.Join(words, " or "), 0, probeEnd, func(*logstorage.DataBlock) {})
}

// probeEnd is after all events, in nanoseconds.
const probeEnd = int64(9_000_000_000_000_000_000)

// rowsListed sums what the data parts of a storage say they have.
func rowsListed(folder string) (sum uint64, err error) {
	headers, err := filepath.Glob(filepath.Join(folder, "partitions", "*", "datadb", "*", "metadata.json"))
	for _, name := range headers {
		var h dataHeader
		data, rerr := os.ReadFile(name)
		err = errors.Join(err, rerr, json.Unmarshal(data, &h))
		sum += h.RowsCount
	}
	return sum, err
}
