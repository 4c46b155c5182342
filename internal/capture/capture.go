// Package capture turns what mail servers show into evidence and hands it, with
// the place in the source up to which it was read, to a Sink.
//
// A Source is one thing that is watched: a log file (File) or a milter listener
// (package milter). The Supervisor runs all of them and starts one that failed
// again. Whatever fails here, mail flows on: log files are only read, and the
// milter answers before it thinks.
//
// What could not be read becomes evidence too: a Gap. Every line counts into
// exactly one outcome, so that lines read = evidence + ignored + foreign +
// unparsed.
package capture

import (
	"context"

	"waybill/internal/capture/logline"
	"waybill/internal/evidence"
)

// Sink makes evidence durable. Sources call it from one goroutine each.
type Sink interface {
	// Append stores records, in order, together with the position behind them,
	// in one transaction: after a crash either both are there or neither. A nil
	// position leaves the source's position as it is; records may be empty. The
	// caller does not touch records or position afterwards. After an error the
	// source asks for its position again before it goes on.
	Append(ctx context.Context, source string, records []evidence.Record, position []byte) error
	// Position returns what the last successful Append of the source stored,
	// nil when there is none. Its content is the source's own business.
	Position(ctx context.Context, source string) ([]byte, error)
}

// Source is one watched thing.
type Source interface {
	// Run watches until ctx is done, which is no error, or until it cannot go
	// on. It can be run again.
	Run(ctx context.Context, sink Sink) error
	// Stats may be called at any time, from any goroutine.
	Stats() SourceStats
}

// Parser reads one line and appends what it shows to dst; see the packages of
// the mail servers.
type Parser func(line string, dst []evidence.Record) ([]evidence.Record, logline.Outcome)

// LineParser is the form of the mail servers' parsers, which a clock makes a Parser.
type LineParser func(line string, clock logline.Clock, dst []evidence.Record) ([]evidence.Record, logline.Outcome)

// Parse makes one Parser of the parsers for the servers that write into one
// file, such as Postfix and Dovecot into /var/log/mail.log: a line is Foreign
// only when it is so to all of them.
func Parse(clock logline.Clock, parsers ...LineParser) Parser {
	return func(line string, dst []evidence.Record) ([]evidence.Record, logline.Outcome) {
		for _, parse := range parsers {
			if records, outcome := parse(line, clock, dst); outcome != logline.Foreign {
				return records, outcome
			}
		}
		return dst, logline.Foreign
	}
}
