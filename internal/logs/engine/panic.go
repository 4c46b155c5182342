package engine

import (
	"bytes"
	"io"
	"os"
	"sync"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"
)

// The library panics when a write or an fsync fails and when it meets a damaged
// file, mostly in goroutines of its own, where nobody can recover. Where
// somebody can (in Add), the library is left with half of what it was about to
// do: a day whose folder it could not finish, for example, takes no rows any
// more, and the library drops them with a line in its log. So after any of its
// panics the process must not go on with it. It writes the reason to its log
// before it panics, and that is where we take over.

// OnPanic has f called, with the reason, before the library panics. f should
// not return. It is for the whole process and must come before Open.
func OnPanic(f func(reason string)) {
	libraryLog.mu.Lock()
	defer libraryLog.mu.Unlock()
	libraryLog.panicking = f
	logger.SetOutputForTests(libraryLog) // the only way in; it is in no test's hands but ours
}

var libraryLog = &outlet{Writer: os.Stderr}

// outlet is the library's log on its way to standard error.
type outlet struct {
	io.Writer
	mu        sync.Mutex
	panicking func(reason string)
}

// Write takes one record: time, level, place and text, separated by tabs.
func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if f := bytes.SplitN(p, []byte("\t"), 4); len(f) == 4 && (string(f[1]) == "panic" || string(f[1]) == "fatal") {
		o.mu.Lock()
		panicking := o.panicking
		o.mu.Unlock()
		if panicking != nil {
			panicking(string(bytes.TrimSpace(f[3])))
		}
	}
	return n, err
}
