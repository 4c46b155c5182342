package main

import "encoding/binary"

// entry is one line of a stream.
type entry struct {
	// nanos is the time in epoch nanoseconds.
	nanos int64
	line  []byte
}

// appendRequest appends Loki's logproto.PushRequest of the streams, by labels:
//
//	PushRequest { repeated Stream streams = 1 }
//	Stream      { string labels = 1; repeated Entry entries = 2 }
//	Entry       { Timestamp timestamp = 1; string line = 2 }
//	Timestamp   { int64 seconds = 1; int32 nanos = 2 }
func appendRequest(b []byte, streams map[string][]entry) []byte {
	var stream, one, at []byte
	for labels, entries := range streams {
		stream = appendBytes(stream[:0], 1, []byte(labels))
		for _, e := range entries {
			at = appendNumber(at[:0], 1, e.nanos/1e9)
			at = appendNumber(at, 2, e.nanos%1e9)
			one = appendBytes(one[:0], 1, at)
			one = appendBytes(one, 2, e.line)
			stream = appendBytes(stream, 2, one)
		}
		b = appendBytes(b, 1, stream)
	}
	return b
}

// The wire types of Protocol Buffers.
const (
	wireVarint = 0
	wireBytes  = 2
)

func appendNumber(b []byte, field uint64, n int64) []byte {
	b = binary.AppendUvarint(b, field<<3|wireVarint)
	return binary.AppendUvarint(b, uint64(n))
}

func appendBytes(b []byte, field uint64, value []byte) []byte {
	b = binary.AppendUvarint(b, field<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}
