// Package engine keeps log events: it takes rows, finds them again by time,
// stream and text, and deletes them. It knows numbers, not names: accounts,
// log groups and log streams arrive as the numbers that the logs package gave
// them.
//
// The embedded engine is VictoriaLogs' storage library in one folder. What it
// needs of its caller:
//
//   - Add returns before the rows are on disk. Sync returns once every row added
//     before it is. Whoever acknowledges rows must keep them elsewhere until then.
//   - A row is written once. The engine never looks for duplicates by itself;
//     IDs tells which rows of a range it has, so that a replay adds the rest.
//   - One process at a time: a second Open of the same folder fails.
//
// # Rows
//
// The library's tenant is {account, group}, so a log group's rows are never
// touched by a query on another. Its stream is the log stream's number, together
// with the event's name where there is one (see apart.go). A row's
// time is the event's millisecond; (time, ID) is a total order and ID is unique
// for ever. The message is kept byte for byte; what a JSON message holds is kept
// beside it as columns (see columns.go), for queries to push down to.
//
// The library finds streams by name through an index that reaches the disk on
// its own schedule, so a crash may leave rows on disk whose stream is not in the
// index. Nothing here uses that index: streams are asked for by their ids, which
// are hashes of the number and the names.
package engine

import "time"

// Tenant is the library's name for whose rows they are: here a log group.
type Tenant struct {
	// Account and Group are the numbers that logs gave the account and the log group.
	Account uint32
	Group   uint32
}

// Row is one log event on its way in.
type Row struct {
	Tenant Tenant
	// Stream is the log stream's number.
	Stream uint64
	// ID is unique over all rows ever written; it orders rows of one millisecond.
	ID uint64
	// Time and Ingested are milliseconds since the Unix epoch.
	Time     int64
	Ingested int64
	// Message is at most 1 MiB and not empty.
	Message string
}

// Event is one log event found.
type Event struct {
	Stream   uint64
	ID       uint64
	Time     int64
	Ingested int64
	Message  string
}

// Position is a place in the order of a log group's events.
type Position struct {
	Time int64
	ID   uint64
}

// Less reports whether p comes before q.
func (p Position) Less(q Position) bool {
	return p.Time < q.Time || p.Time == q.Time && p.ID < q.ID
}

// Position returns the event's place.
func (e *Event) Position() Position { return Position{e.Time, e.ID} }

// PageQuery asks for one page of a log group's events in order.
type PageQuery struct {
	Tenant Tenant
	// Streams restricts to these log streams; nil means all of them.
	Streams []uint64
	// From and To bound the events' time in milliseconds, both included.
	From, To int64
	// Cursor, when set, is excluded and so is everything before it in the order asked for.
	Cursor *Position
	// Descending gives the newest first.
	Descending bool
	// Limit is the largest number of events, MaxBytes the largest sum of their
	// messages' lengths; at least one event is given whatever its length.
	Limit    int
	MaxBytes int
	// Contains are lists of texts: an event's message contains, byte for byte, at
	// least one text of each list. Lists with an empty text or one of broken UTF-8
	// are not looked at, and messages are taken to be UTF-8; Match is exact.
	Contains [][]string
	// Filter, when set, restricts the rows.
	Filter *Filter
	// Match, when set, decides by the message. It is called from several goroutines.
	Match func(message string) bool
	// MaxScan ends the page after about that many rows were looked at; 0 means no end.
	MaxScan int
	// MaxTime ends the page soon after that long, as MaxScan does; 0 means no end.
	MaxTime time.Duration
}

// Page is one page of events, in the order asked for.
type Page struct {
	Events []Event
	// Next is where the next page begins after, nil once everything in range was
	// seen. It may be set although Events is empty: MaxScan or MaxTime
	// was reached.
	Next *Position
	// Scanned is how many rows were looked at.
	Scanned int
}
