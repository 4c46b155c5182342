package capture

import (
	"sync"
	"time"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// SourceStats is the state of one source for the console and /metrics. Counts
// begin with the process.
type SourceStats struct {
	Name string
	// Kind is "file" or "milter"; Place is the path or the address.
	Kind, Place string
	// Running says that the source is at work. Failures counts how often it
	// stopped with an error, LastError is the last of them (the Supervisor's).
	Running   bool
	Failures  int64
	LastError string

	// Lines read, and what became of them: Lines = Evidence + Ignored + Foreign
	// + Unparsed. A milter has no lines.
	Lines, Evidence, Ignored, Foreign, Unparsed int64
	// Records counts facts handed to the sink, Gaps among them.
	Records int64
	// Gaps counts places where something could not be read, Lost what is known
	// to be lost there.
	Gaps, Lost int64
	// LastRecord is the time of the latest record, by the mail server's clock.
	LastRecord time.Time
	// Behind is how many bytes of a file are not read yet, or how many
	// transactions of a milter wait for the sink; Lag is the age of the latest
	// record while Behind is not zero.
	Behind int64
	Lag    time.Duration
	// UnparsedSamples are the latest lines of unknown form, oldest first, cut at
	// 300 bytes. They hold personal data.
	UnparsedSamples []string
}

const (
	maxSamples   = 5
	sampleLength = 300
)

// Meter keeps a source's statistics. Its zero value is ready; it is safe for
// concurrent use.
type Meter struct {
	mu sync.Mutex
	s  SourceStats
}

// Lines counts the outcomes of a batch of lines.
func (m *Meter) Lines(count map[logline.Outcome]int64, samples []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for outcome, n := range count {
		m.s.Lines += n
		switch outcome {
		case logline.Evidence:
			m.s.Evidence += n
		case logline.Ignored:
			m.s.Ignored += n
		case logline.Foreign:
			m.s.Foreign += n
		case logline.Unparsed:
			m.s.Unparsed += n
		}
	}
	m.s.UnparsedSamples = append(m.s.UnparsedSamples, samples...)
	if extra := len(m.s.UnparsedSamples) - maxSamples; extra > 0 {
		m.s.UnparsedSamples = append([]string(nil), m.s.UnparsedSamples[extra:]...)
	}
}

// Stored counts records that the sink has taken.
func (m *Meter) Stored(records []evidence.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.Records += int64(len(records))
	for _, r := range records {
		if gap, ok := r.Fact.(evidence.Gap); ok {
			m.s.Gaps++
			m.s.Lost += max(gap.Lost, 0)
			continue
		}
		if r.Time.After(m.s.LastRecord) {
			m.s.LastRecord = r.Time
		}
	}
}

// SetBehind notes how much is waiting to be read or stored.
func (m *Meter) SetBehind(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.Behind = n
}

// Stats returns the present state for a source of that name, kind and place.
func (m *Meter) Stats(name, kind, place string, now time.Time) SourceStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.s
	s.Name, s.Kind, s.Place = name, kind, place
	s.UnparsedSamples = append([]string(nil), m.s.UnparsedSamples...)
	if s.Behind > 0 && !s.LastRecord.IsZero() {
		s.Lag = max(now.Sub(s.LastRecord), 0)
	}
	return s
}

// sample cuts a line to what is kept of it.
func sample(line string) string {
	if len(line) > sampleLength {
		line = line[:sampleLength]
	}
	return string([]byte(line))
}
