package insights

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/logs"
)

var everything = List{Account: here.Account, Region: here.Region, Limit: 100}

// killed is a copy of a folder of queries as it is at this moment: what a server
// that is killed now leaves.
func killed(t *testing.T, folder string) string {
	t.Helper()
	to := t.TempDir()
	must(t, os.CopyFS(to, os.DirFS(folder)))
	return to
}

// ended waits for a query's end and returns its answer.
func (l *lab) ended(t *testing.T, id string) Answer {
	t.Helper()
	l.mu.Lock()
	q, err := l.find(here.Account, id)
	l.mu.Unlock()
	must(t, err)
	<-q.done
	a, err := l.Results(t.Context(), here.Account, id)
	must(t, err)
	return a
}

func TestAnswersSurviveTheServer(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder, Memory: 10_000})
	var ids []string
	for _, text := range []string{"fields n, text | limit 3", "stats count(*) by n % 3", "filter n = 500", "fields text | sort text"} {
		id, err := l.Start(t.Context(), request(text))
		must(t, err)
		l.ended(t, id)
		ids = append(ids, id)
		l.now.Add(1000)
	}
	before, _ := l.Describe(everything)
	for what, folder := range map[string]string{"killed": killed(t, folder), "closed": folder} {
		if what == "closed" {
			must(t, l.Close())
		}
		next := l.anew(t, folder)
		for i, id := range ids {
			want, err := l.Results(t.Context(), here.Account, id)
			must(t, err)
			for range 2 { // from disk, from memory
				if got := next.ended(t, id); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) || got.Plan == "" || i == 0 && len(got.Rows) != 3 {
					t.Errorf("%s: query %d: %+v\nwant %+v", what, i, got, want)
				}
			}
		}
		if after, _ := next.Describe(everything); !reflect.DeepEqual(after, before) || after[0].Status != Failed || after[3].Status != Complete {
			t.Errorf("%s: queries %+v\nwant %+v", what, after, before)
		}
		if groups, err := next.Groups(here.Account, ids[0]); err != nil || len(groups) != 1 || groups[0].Name != "g" {
			t.Errorf("groups %v, %v", groups, err)
		}
		if err := next.Stop(t.Context(), here.Account, ids[0]); !awserr.HasCode(err, codeParameter) {
			t.Errorf("error %v", err)
		}
		if _, err := next.Results(t.Context(), "444455556666", ids[0]); !awserr.HasCode(err, codeNotFound) {
			t.Errorf("another account: %v", err)
		}
	}
}

func TestWhatHadNotEndedIsRunAgain(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder})
	release := l.busy()
	const text = "stats count(*) as c, min(now()) as t"
	id, err := l.Start(t.Context(), request(text))
	must(t, err)
	left := killed(t, folder)
	release()
	want := l.ended(t, id)

	l.now.Add(5000)
	next := l.anew(t, left)
	got := next.ended(t, id)
	if got.Status != Complete || len(got.Rows) != 1 || !reflect.DeepEqual(got.Rows, want.Rows) {
		t.Errorf("the answer is %+v, want %+v", got, want)
	}
	if page, _ := next.Describe(everything); len(page) != 1 || page[0].ID != id || page[0].Created != noon {
		t.Errorf("queries %+v", page)
	}
	if after := l.anew(t, killed(t, left)).ended(t, id); !reflect.DeepEqual(after, got) {
		t.Errorf("then the answer is %+v, want %+v", after, got)
	}
}

// A query that ends the server must not do so at every start.
func TestWhatEndsTheServerIsRunAgainOnce(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder})
	release := l.busy()
	defer release()
	id, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	waiting, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)

	// The second server is killed as it begins to run the first query.
	left := killed(t, folder)
	c := l.Config
	c.Folder = left
	var mu sync.Mutex
	var once string // guarded by mu
	c.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		text, _ := os.ReadFile(filepath.Join(left, id+".query"))
		if once == "" && bytes.Contains(text, []byte(`"Repeated":true`)) {
			once = killed(t, left)
		}
		return time.UnixMilli(noon)
	}
	second, err := Open(t.Context(), c)
	must(t, err)
	second.mu.Lock()
	q := second.queries[id]
	second.mu.Unlock()
	<-q.done
	must(t, second.Close())
	if once == "" {
		t.Fatal("it did not say that it runs the query again")
	}

	third := l.anew(t, once)
	if a := third.ended(t, id); a.Status != Failed || !strings.Contains(a.Reason, "ended twice") {
		t.Errorf("%s: %s", a.Status, a.Reason)
	}
	if a := third.ended(t, waiting); a.Status != Complete {
		t.Errorf("the one behind it: %s: %s", a.Status, a.Reason)
	}
	if a := l.anew(t, killed(t, once)).ended(t, id); a.Status != Failed {
		t.Errorf("later: %s", a.Status)
	}
}

// That a server was closed while it ran a query again is not the query's fault.
func TestAQueryMayMeetTheEndOfManyServers(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder})
	release := l.busy()
	id, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	must(t, l.Close())
	release()
	for range 3 {
		c := l.Config
		c.Folder = folder
		stop := make(chan func(), 1)
		c.Now = func() time.Time {
			text, _ := os.ReadFile(filepath.Join(folder, id+".query"))
			if bytes.Contains(text, []byte(`"Repeated":true`)) {
				select { // it begins to run
				case f := <-stop:
					f()
				default:
				}
			}
			return time.UnixMilli(noon)
		}
		s, err := Open(t.Context(), c)
		must(t, err)
		stop <- func() { s.stop(errClosed) }
		s.mu.Lock()
		q := s.queries[id]
		s.mu.Unlock()
		<-q.done
		must(t, s.Close())
	}
	if a := l.anew(t, folder).ended(t, id); a.Status != Complete {
		t.Errorf("%s: %s", a.Status, a.Reason)
	}
}

func TestAQueryOfADeletedGroupIsNotRunAgain(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder})
	release := l.busy()
	defer release()
	id, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	must(t, l.logs.DeleteLogGroup(t.Context(), here, "g"))
	if a := l.anew(t, killed(t, folder)).ended(t, id); a.Status != Failed || !strings.Contains(a.Reason, "A log group of the query was deleted") {
		t.Errorf("deleted: %s: %s", a.Status, a.Reason)
	}
	l.now.Add(1)
	must(t, l.logs.CreateLogGroup(t.Context(), here, logs.NewGroup{Name: "g"}))
	if a := l.anew(t, killed(t, folder)).ended(t, id); a.Status != Failed || !strings.Contains(a.Reason, "Log group 'g' of account "+here.Account+" was deleted") {
		t.Errorf("made anew: %s: %s", a.Status, a.Reason)
	}
}

func TestAStoppedQueryIsNotRunAgain(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder})
	release := l.busy()
	defer release()
	id, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	must(t, l.Stop(t.Context(), here.Account, id))
	if a := l.anew(t, killed(t, folder)).ended(t, id); a.Status != Cancelled || len(a.Rows) != 0 {
		t.Errorf("%+v", a)
	}
}

// A damaged file costs its query, is told of, and nothing else.
func TestDamagedQueriesAreForgotten(t *testing.T) {
	folder := t.TempDir()
	var log bytes.Buffer
	l := newLab(t, Config{Folder: folder, Logger: slog.New(slog.NewTextHandler(&log, nil)), Cached: 1})
	var ids []string
	for range 4 {
		id, err := l.Start(t.Context(), request("fields n"))
		must(t, err)
		l.ended(t, id)
		ids = append(ids, id)
	}
	spoil := func(id string, at func(b []byte) int) {
		t.Helper()
		name := filepath.Join(folder, id+".query")
		b, err := os.ReadFile(name)
		must(t, err)
		b[at(b)] ^= 1
		must(t, os.WriteFile(name, b, 0o600))
	}
	spoil(ids[0], func(b []byte) int { return bytes.LastIndex(b, []byte("Complete")) }) // its header
	spoil(ids[1], func(b []byte) int { return len(b) - 1 })                             // its rows
	must(t, os.Truncate(filepath.Join(folder, ids[2]+".query"), 0))                     // a power cut
	next := l.anew(t, folder)
	if page, _ := next.Describe(everything); len(page) != 2 {
		t.Errorf("queries %+v", page)
	}
	for i, id := range ids {
		_, err := next.Results(t.Context(), here.Account, id)
		if gone := awserr.HasCode(err, codeNotFound); gone != (i < 3) || !gone && err != nil {
			t.Errorf("query %d: %v", i, err)
		}
		if told := strings.Contains(log.String(), id); told != (i < 3) {
			t.Errorf("query %d: told of: %v", i, told)
		}
	}
	if page, _ := next.Describe(everything); len(page) != 1 || page[0].ID != ids[3] {
		t.Errorf("queries %+v", page)
	}
	if list, err := os.ReadDir(folder); err != nil || len(list) != 1 {
		t.Errorf("files %v, %v", list, err)
	}
}

// The disk may be full: queries are answered all the same.
func TestAnswersThatCannotBeWrittenAreInMemory(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "queries")
	l := newLab(t, Config{Folder: folder})
	must(t, os.WriteFile(folder, nil, 0o600)) // in the way of the folder
	id, err := l.Start(t.Context(), request("fields n"))
	must(t, err)
	if a := l.ended(t, id); a.Status != Complete || len(a.Rows) != 100 {
		t.Errorf("%s with %d rows", a.Status, len(a.Rows))
	}
}

// What is in an answer is gone after its time, whether or not anybody asks.
func TestFilesGoInTime(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder})
	id, err := l.Start(t.Context(), request("fields text"))
	must(t, err)
	l.ended(t, id)
	synctest.Test(t, func(t *testing.T) {
		created := time.Now()
		s, err := Open(t.Context(), Config{Folder: folder, Logger: slog.New(slog.DiscardHandler),
			Now: func() time.Time { return time.UnixMilli(noon).Add(time.Since(created)) }})
		must(t, err)
		files := func() int {
			list, err := os.ReadDir(folder)
			must(t, err)
			return len(list)
		}
		time.Sleep(7*24*time.Hour - time.Minute)
		synctest.Wait()
		if files() != 1 {
			t.Error("it went too early")
		}
		time.Sleep(tidyEvery + 2*time.Minute)
		synctest.Wait()
		if files() != 0 {
			t.Error("it stays")
		}
		must(t, s.Close())
	})
}

func TestFilesTakeNoMoreThanTheirShare(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder, KeptBytes: 150_000, Kept: time.Hour, Cached: 1})
	size := func() (n int64) {
		t.Helper()
		list, err := os.ReadDir(folder)
		must(t, err)
		for _, e := range list {
			info, err := e.Info()
			must(t, err)
			n += info.Size()
		}
		return n
	}
	var last string
	for i := range 5 {
		id, err := l.Start(t.Context(), request(fmt.Sprintf("fields text, %d", i))) // about 58 kB
		must(t, err)
		l.ended(t, id)
		l.now.Add(1)
		last = id
	}
	if n := size(); n > 150_000 || n < 100_000 || n != l.bytes {
		t.Errorf("files of %d bytes, counted %d", n, l.bytes)
	}
	l.KeptBytes = 1 // the next server's bound is smaller: the newest stays
	next := l.anew(t, folder)
	if a := next.ended(t, last); len(a.Rows) != 100 || size() != next.bytes || size() > 60_000 {
		t.Errorf("%d rows; files of %d bytes, counted %d", len(a.Rows), size(), next.bytes)
	}
	next.now.Add(time.Hour.Milliseconds() + 1)
	if after := next.anew(t, folder); size() != 0 || after.bytes != 0 {
		t.Errorf("files of %d bytes, counted %d", size(), after.bytes)
	}
}
