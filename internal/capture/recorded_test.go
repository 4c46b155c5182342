package capture_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"waybill/internal/capture"
	"waybill/internal/capture/dovecot"
	"waybill/internal/capture/logline/linetest"
	"waybill/internal/capture/postfix"
	"waybill/internal/evidence"
)

// countingSink counts records.
type countingSink struct{ records int }

func (s *countingSink) Append(_ context.Context, _ string, records []evidence.Record, _ []byte) error {
	s.records += len(records)
	return nil
}

func (s *countingSink) Position(context.Context, string) ([]byte, error) { return nil, nil }

// mixedLog writes every recorded Postfix and Dovecot line into one file, as
// Debian's /var/log/mail.log holds them, so many times over.
func mixedLog(tb testing.TB, times int) (path string, lines int) {
	tb.Helper()
	var text []byte
	for _, pattern := range []string{"maillog", "dovecot"} {
		_, files := linetest.Lines(tb, "../mailtrace/testdata/recorded/*/"+pattern)
		for _, some := range files {
			for _, line := range some {
				text = append(append(text, line...), '\n')
				lines++
			}
		}
	}
	path = filepath.Join(tb.TempDir(), "mail.log")
	if err := os.WriteFile(path, bytes.Repeat(text, times), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path, lines * times
}

// readAll follows a file until it is read to its end.
func readAll(tb testing.TB, path string) (capture.SourceStats, int) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	wake := make(chan struct{})
	source := capture.NewFile(capture.FileConfig{Name: "mx", Path: path, Logger: slog.New(slog.DiscardHandler), Wake: wake,
		Parse: capture.Parse(linetest.Clock, postfix.Parse, dovecot.Parse)})
	sink := &countingSink{}
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx, sink) }()
	wake <- struct{}{}
	cancel()
	if err := <-done; err != nil {
		tb.Fatal(err)
	}
	return source.Stats(), sink.records
}

func TestFileOfTwoServers(t *testing.T) {
	path, lines := mixedLog(t, 1)
	s, records := readAll(t, path)
	if s.Lines != int64(lines) || s.Evidence+s.Ignored != s.Lines || s.Foreign != 0 || s.Unparsed != 0 {
		t.Errorf("of %d lines: %+v", lines, s)
	}
	if int64(records) != s.Records || s.Evidence > s.Records {
		t.Errorf("%d records: %+v", records, s)
	}
}

func BenchmarkFile(b *testing.B) {
	path, lines := mixedLog(b, 500)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		if s, _ := readAll(b, path); s.Lines != int64(lines) {
			b.Fatalf("read %d of %d lines", s.Lines, lines)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
