// Package faults shows that the log service keeps what it acknowledged: it
// writes to a real `waybill serve` through the Go SDK, from several clients, and
// kills it, cuts its power, fills its disk, makes its disk read-only and its
// fsyncs fail, and stops it cleanly, round after round. After each it reads back
// through the API that
//
//   - every acknowledged event is there exactly once,
//   - an event whose answer was an error or was lost is there at most once,
//   - the events of a stream stand by time, those of one time as they were sent.
//
// The data folder lies on a FUSE file system of the test's own (disk_test.go),
// because neither a preloaded library (the binary makes its own system calls)
// nor the device mapper (not in every kernel) can make one folder's disk fail.
//
// WAYBILL_FAULT_ROUNDS and WAYBILL_FAULT_SEED set the number of rounds and
// repeat a run.
package faults
