package capture

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// FileConfig says what a File watches. Name, Path, Parse and Logger are needed.
type FileConfig struct {
	// Name is the source's name in records, positions and statistics.
	Name string
	// Path is the log file's name, which stays while the file is rotated. It
	// need not exist yet.
	Path   string
	Parse  Parser
	Logger *slog.Logger

	// Poll is the time between two looks at the file when the file system tells
	// nothing; 0 is one second.
	Poll time.Duration
	// Grace is how long a rotated file is still watched after it last grew,
	// because the writer opens the new one when it is told to; 0 is five minutes.
	Grace time.Duration
	// MaxLine is the length in bytes of the longest line that is parsed; longer
	// ones are skipped and count as Unparsed. 0 is 64 KiB.
	MaxLine int
	// BatchBytes is how much is read and handed to the sink at once; 0 is 512 KiB.
	BatchBytes int
	// Now is the present time; nil is time.Now.
	Now func() time.Time
	// Wake, when set, replaces the file system's notices and the polling: the
	// file is looked at once for every value.
	Wake <-chan struct{}
}

// File is a Source that follows a log file under one name: through rotation by
// rename, with or without compression, and by copy and truncation, across
// restarts, and until the process ends. Every complete line is read exactly
// once. What cannot be read (a file that was deleted or compressed in another
// way than gzip before its end was read, a truncation without a copy) becomes a
// Gap. Rotation by copy ("copytruncate") itself loses what is written between
// copy and truncation; nobody can see that.
//
// The first start reads the present file from its beginning, and none of the
// rotated ones: what lies before that is the past of another tool, and events
// older than 14 days would be refused by the log service anyway.
type File struct {
	config FileConfig
	meter  Meter
}

// NewFile makes a Source of a log file.
func NewFile(config FileConfig) *File {
	setDefault(&config.Poll, time.Second)
	setDefault(&config.Grace, 5*time.Minute)
	setDefault(&config.MaxLine, 64<<10)
	setDefault(&config.BatchBytes, 512<<10)
	// A line of the greatest length must fit into a batch.
	config.BatchBytes = max(config.BatchBytes, config.MaxLine+1)
	if config.Now == nil {
		config.Now = time.Now
	}
	return &File{config: config}
}

func setDefault[T comparable](value *T, to T) {
	var zero T
	if *value == zero {
		*value = to
	}
}

// Stats implements Source.
func (s *File) Stats() SourceStats {
	return s.meter.Stats(s.config.Name, "file", s.config.Path, s.config.Now())
}

// Run implements Source.
func (s *File) Run(ctx context.Context, sink Sink) error {
	wake := s.config.Wake
	if wake == nil {
		watched, stop := watch(s.config.Path, s.config.Poll, s.config.Logger)
		defer stop()
		wake = watched
	}
	r := &reading{File: s, sink: sink, buf: make([]byte, s.config.BatchBytes+tailLength)}
	defer r.close()
	err := r.resume(ctx)
	for {
		if err == nil {
			err = r.pass(ctx)
		}
		// Rotation in this moment: everything is as it was, and can be tried again.
		again := errors.Is(err, errMoved)
		if err != nil && !again {
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		}
		if err = nil; again {
			err = r.resume(ctx)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}
