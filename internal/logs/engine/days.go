package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The library keeps a partition, a folder of its own, for each day in UTC.

const dayMillis = 24 * 60 * 60 * 1000

const dayLayout = "20060102"

// dayName returns the partition's name for a time in milliseconds.
func dayName(ms int64) string { return time.UnixMilli(ms).UTC().Format(dayLayout) }

// daysOf returns the days that rows go to; one more than once if its rows do not
// follow each other.
func daysOf(rows []Row) []string {
	var days []string
	for i := range rows {
		if i == 0 || floorDiv(rows[i].Time, dayMillis) != floorDiv(rows[i-1].Time, dayMillis) {
			days = append(days, dayName(rows[i].Time))
		}
	}
	return days
}

// dayStart returns when a partition's day begins, in milliseconds.
func dayStart(name string) int64 {
	t, err := time.Parse(dayLayout, name)
	if err != nil {
		return 0 // the library itself refuses to open such a folder
	}
	return t.UnixMilli()
}

// DropEmpty removes the folders of days that have no rows left, as deletions
// leave them. before is a time in milliseconds such that no row of a day that
// ended by then will be added any more.
func (e *Embedded) DropEmpty(ctx context.Context, before int64) error {
	for _, day := range e.storage.PartitionList() {
		if ctx.Err() != nil || dayStart(day)+dayMillis > before {
			return ctx.Err()
		}
		folder := filepath.Join(e.path, "storage", "partitions", day)
		if !hasNoParts(folder) {
			continue
		}
		err := e.dropDay(day, folder)
		e.spreads.forget() // it was not there for a while
		if err != nil {
			return fmt.Errorf("drop the empty day %s of the log engine: %w", day, err)
		}
	}
	return nil
}

// dropDay closes a day, which writes what it may have in memory, and removes it
// if it is empty after that.
func (e *Embedded) dropDay(day, folder string) error {
	if err := e.storage.PartitionDetach(day); err != nil {
		return err
	}
	if !hasNoParts(folder) {
		return e.storage.PartitionAttach(day)
	}
	// The list of parts goes last: the library takes a folder without one, but
	// with parts, for damaged.
	for _, part := range []string{"snapshots", "indexdb", "datadb", ""} {
		if err := os.RemoveAll(filepath.Join(folder, part)); err != nil {
			return err
		}
	}
	return nil
}

func hasNoParts(folder string) bool {
	b, err := os.ReadFile(filepath.Join(folder, "datadb", "parts.json"))
	list := strings.TrimSpace(string(b))
	return err == nil && (list == "[]" || list == "null")
}
