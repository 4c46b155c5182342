package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// Sync returns nil once every row whose Add returned before the call is on disk
// for certain: in a part whose files were fsynced and which the fsynced list of
// parts names.
//
// The library flushes when it finds it has much and tells nobody which rows it
// flushed; it skips what is being merged at that moment. What it does tell is how many rows
// are still in memory. So Sync asks for flushes (a snapshot of a partition
// begins with one) and at last does it with adding shut, until that number is
// zero. The first flush runs with adding open and writes nearly all, so adding
// stands still only for what came in meanwhile.
func (e *Embedded) Sync(ctx context.Context) error {
	err := e.sync(ctx)
	if err != nil {
		return fmt.Errorf("flush log engine: %w", err)
	}
	return nil
}

func (e *Embedded) sync(ctx context.Context) error {
	e.show() // what is not searchable yet is not counted as in memory
	if err := errors.Join(e.whole(), e.flushable()); err != nil {
		return err
	}
	if err := e.flush(e.takeDays()); err != nil {
		return err
	}
	e.adding.Lock()
	defer e.adding.Unlock()
	days := e.takeDays()
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		if err := e.flush(days); err != nil {
			return err
		}
		if e.inMemory() == 0 {
			e.names.forget()
			return nil
		}
		// A merge in memory holds rows; it is short, and ends by itself. What it
		// made can be of any day.
		days = e.storage.PartitionList()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// flush asks the library to write the rows of these days to disk.
func (e *Embedded) flush(days []string) error {
	e.show()
	for i, day := range days {
		snapshot, err := e.storage.PartitionSnapshotCreate(day)
		if err == nil {
			err = os.RemoveAll(snapshot)
		}
		if err != nil {
			e.touch(days[i:])
			return err
		}
	}
	return nil
}

// inMemory returns how many rows are in memory only. The library's own count of
// rows that are not searchable yet is of one partition, so e.show must come first.
func (e *Embedded) inMemory() uint64 {
	var s logstorage.StorageStats
	e.storage.UpdateStats(&s)
	return s.InmemoryRowsCount
}

// memoryBytes returns how many bytes are in memory only, as compressed on disk.
func (e *Embedded) memoryBytes() uint64 {
	var s logstorage.StorageStats
	e.storage.UpdateStats(&s)
	return s.CompressedInmemorySize
}

func (e *Embedded) takeDays() []string {
	e.daysMu.Lock()
	defer e.daysMu.Unlock()
	days := make([]string, 0, len(e.days))
	for day := range e.days {
		days = append(days, day)
	}
	clear(e.days)
	return days
}

// removeSnapshots removes what a Sync left that a crash cut short.
func removeSnapshots(path string) error {
	left, err := filepath.Glob(filepath.Join(path, "storage", "partitions", "*", "snapshots", "*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}
