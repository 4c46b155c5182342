package capture

import (
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is the least time between two wakes: lines come in groups, and one
// commit for a group is cheaper than one for each.
const settle = 100 * time.Millisecond

// watch wakes when something happens to the path or its rotated files, and
// every poll. It works without the file system's notices, as on network file
// systems, only slower.
func watch(path string, poll time.Duration, logger *slog.Logger) (wake <-chan struct{}, stop func()) {
	out := make(chan struct{})
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		notices, release := notify(path, logger)
		defer release()
		ticker := time.NewTicker(poll)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			case <-notices:
			}
			select {
			case <-done:
				return
			case out <- struct{}{}:
			}
			select {
			case <-done:
				return
			case <-time.After(settle):
			}
		}
	})
	return out, func() { close(done); group.Wait() }
}

// notify hands on the file system's notices about the path's folder; a channel
// that never sends when there are none to be had.
func notify(path string, logger *slog.Logger) (notices <-chan struct{}, release func()) {
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		err = watcher.Add(filepath.Dir(path))
	}
	if err != nil {
		logger.Warn("no notices of file changes, looking at intervals", "path", path, "error", err)
		if watcher != nil {
			watcher.Close()
		}
		return nil, func() {}
	}
	out := make(chan struct{}, 1)
	go func() {
		base := filepath.Base(path)
		for {
			select {
			case e, ok := <-watcher.Events:
				if !ok {
					return
				}
				if filepath.Base(e.Name) != base {
					continue
				}
				select {
				case out <- struct{}{}:
				default:
				}
			case _, ok := <-watcher.Errors:
				if !ok {
					return
				}
			}
		}
	}()
	return out, func() { watcher.Close() }
}
