package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// quarantine takes what is damaged out of the library's way: it moves it, whole,
// to the folder "quarantine" beside the storage, where nothing ever deletes it.
type quarantine struct {
	path string // the engine's folder
	log  *slog.Logger
	// probe, when set, reads all of a day in a process of its own; see Options.
	probe func(folder string) error
}

func (q *quarantine) days() string { return filepath.Join(q.path, "storage", "partitions") }

// Quarantined returns the names of what lies in quarantine.
func (e *Embedded) Quarantined() []string {
	list, err := os.ReadDir(filepath.Join(e.path, "quarantine"))
	if err != nil {
		return nil // there is none
	}
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.Name()
	}
	return names
}

// sweep looks at every day. closely reads all rows as well.
func (q *quarantine) sweep(closely bool) error {
	days, err := os.ReadDir(q.days())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range days {
		day := filepath.Join(q.days(), d.Name())
		// An empty folder is left when the making of a day is cut short; the library
		// trips over it.
		if os.Remove(day) == nil {
			continue
		}
		err := q.day(day)
		if err == nil && closely && q.probe != nil {
			err = q.probeDay(day)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// day looks at one day and leaves it such that the library opens it.
func (q *quarantine) day(day string) error {
	if _, err := time.Parse(dayLayout, filepath.Base(day)); err != nil {
		return q.move(day, "it is no day")
	}
	data, index := filepath.Join(day, "datadb"), filepath.Join(day, "indexdb")
	names, err := readPartNames(data)
	if err != nil && exists(data) {
		// Which of its parts count is not known: some may be in others already.
		return q.move(day, err.Error())
	}
	if err := q.index(index, exists(data)); err != nil {
		return err
	}
	var good []string
	for _, name := range names {
		if slices.Contains(good, name) {
			q.log.Error("a list of the log engine's parts names one twice; it is mended", "folder", data, "part", name)
			continue
		}
		part := filepath.Join(data, name)
		bad := checkDataPart(part)
		if bad == nil {
			good = append(good, name)
			continue
		}
		if err := q.part(part, bad.Error()); err != nil {
			return err
		}
	}
	return q.relist(data, names, good)
}

// relist makes a day's list of data parts good, which was names. The library
// removes what a list does not name, as left by a merge that was cut short. Where
// the list is not right, that may be the part that it should have named, or what a
// damaged part was merged from: it is moved away instead.
func (q *quarantine) relist(data string, names, good []string) error {
	if len(good) == len(names) {
		return nil
	}
	list, err := os.ReadDir(data)
	if err != nil {
		return err
	}
	for _, f := range list {
		if !f.IsDir() || slices.Contains(names, f.Name()) {
			continue
		}
		why := fmt.Sprintf("parts.json does not name it, and of what it names, %q, only %q is there and whole", names, good)
		if err := q.move(filepath.Join(data, f.Name()), why); err != nil {
			return err
		}
	}
	return writePartNames(data, good)
}

// index looks at a day's index. Nothing that matters is found through it, so a
// damaged one is replaced by an empty one.
func (q *quarantine) index(folder string, needed bool) error {
	if !exists(folder) {
		if !needed {
			return nil // a day that was being made; the library finishes it
		}
		q.log.Error("an index of the log engine is missing; an empty one takes its place", "index", folder)
		return emptyIndex(folder)
	}
	names, bad := readPartNames(folder)
	for i, name := range names {
		if bad == nil && slices.Contains(names[:i], name) {
			bad = fmt.Errorf("%s names the part %q twice", filepath.Join(folder, "parts.json"), name)
		}
		if bad == nil {
			bad = checkIndexPart(filepath.Join(folder, name))
		}
	}
	if bad == nil && len(names) == 0 {
		return emptyIndex(folder) // its making may have been cut short
	}
	if bad == nil {
		return nil
	}
	if err := q.move(folder, bad.Error()); err != nil {
		return err
	}
	return emptyIndex(folder)
}

func emptyIndex(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return writePartNames(folder, nil)
}

// part moves a data part away that is listed; the caller takes it off the list.
func (q *quarantine) part(part, why string) error {
	if !exists(part) {
		q.log.Error("A PART OF THE LOG ENGINE IS MISSING; its events are lost unless quarantine or a backup has them", "part", part)
		return nil
	}
	return q.move(part, why)
}

// move takes a folder away and says so loudly.
func (q *quarantine) move(folder, why string) error {
	to := filepath.Join(q.path, "quarantine")
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	below, err := filepath.Rel(q.days(), folder)
	if err != nil {
		return err
	}
	to = filepath.Join(to, time.Now().UTC().Format("20060102T150405.000")+"-"+strings.ReplaceAll(below, string(filepath.Separator), "-"))
	if err := os.Rename(folder, to); err != nil {
		return fmt.Errorf("move a damaged part of the log engine to quarantine: %w", err)
	}
	q.log.Error("A PART OF THE LOG ENGINE IS DAMAGED and was moved to quarantine; its events are not found any more. Restore a backup, or remove it if they may be lost",
		"part", folder, "quarantine", to, "reason", why)
	return syncFolder(filepath.Dir(folder))
}

// writePartNames replaces a parts.json durably.
func writePartNames(folder string, names []string) error {
	if names == nil {
		names = []string{}
	}
	data, err := json.Marshal(names)
	if err != nil {
		return err
	}
	tmp := filepath.Join(folder, "parts.json.new")
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(folder, "parts.json")); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(folder string) error {
	fd, err := unix.Open(folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fsync(fd)
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
