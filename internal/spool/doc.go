// Package spool keeps what has been captured and what waits for publication
// safe across a crash. It is one SQLite file, written by one process, and knows
// nobody: evidence, state and events are blobs, organizations and sources are
// strings.
//
// Three parties meet here:
//
//   - A source appends batches of evidence together with its own position, in
//     one transaction. After a crash it asks for the position and reads on from
//     there: what was appended is not appended again, what was not is not lost.
//   - An organization's consumer takes batches in the order they were appended
//     and commits, in one transaction, the state it changed, the events it made
//     and the cursor up to which it has read. After a crash it restores the
//     state and goes on at the cursor.
//   - The publisher takes events in the order they were committed. Before it
//     sends a batch it pins it: how far it reaches, to where, with which token.
//     After a lost reply or a crash it sends the same batch with the same token
//     again, so that the receiver can tell that it has it already.
//
// Everything returned without an error is on disk: the database runs in WAL mode
// with synchronous=FULL, so that each transaction ends with an fsync. Requests
// that arrive while a transaction is being written share the next one.
//
// A full or read-only disk makes writes fail with ErrFull or ErrReadOnly and
// changes nothing; the caller tries again later.
package spool
