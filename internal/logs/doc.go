// Package logs is the log service: log groups and log streams, their events,
// retention and resource policies, as Amazon CloudWatch Logs has them (API
// version 2014-03-28).
//
// # How an event is kept
//
// PutLogEvents encodes its events as one batch and appends it to the journal,
// which fsyncs; then it gives the rows to the engine, whose own writing to disk
// is late; then it answers. A checkpoint, every few seconds, has the engine
// write what it has in memory and, once that is certain, trims the journal up to
// there. After a crash Open replays the journal: it asks the engine which rows
// of those batches it has and adds the others. An event's id is (journal
// sequence, place in the batch), so this neither loses nor doubles one.
//
//   - Answered: in the journal or on the engine's disk. Never lost.
//   - Not answered: there once or not at all.
//   - Answered events are seen by every later query: they are in the engine before the answer.
//
// # Names and numbers
//
// The metadata database maps names to numbers; the engine sees only numbers. A
// re-created group or stream gets a new number, so it cannot see old events,
// which are deleted in the background.
//
// Stream statistics (last event time and the like) change with every batch.
// They are kept in memory and written by the checkpoint; log_counted says up to
// which batch they count, and a replay adds the rest.
//
// # Retention
//
// Expired events are cut off in every query: that is exact and immediate. Space
// is another matter, since groups of all retentions share the engine's daily
// partitions. Two ways were weighed. An engine for each of the 22 retention
// classes could drop whole days for nothing, but would cut memory, merges and
// the fsyncs of a checkpoint into 22, and changing a group's retention would
// mean copying it. Deleting by a task rewrites a day's parts without the expired
// rows (about 3 s for a million rows, once per class and half day, in the
// background, in the oldest partitions that nobody writes to). We delete: every
// hour, groups whose cut-off passed another half day. An event is gone from the
// disk at most 13 hours after it expired.
package logs
