package engine

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// appendStreamHash returns the library's stream id of canonical stream tags:
// tenant, then the 64-bit xxHash of the tags, then that of the tags and "magic!".
// The library computes it for itself and does not export it; a test compares.
func appendStreamHash(t Tenant, tags []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, t.Account)
	b = binary.BigEndian.AppendUint32(b, t.Group)
	h := xxhash.New()
	_, _ = h.Write(tags)
	b = binary.BigEndian.AppendUint64(b, h.Sum64())
	_, _ = h.Write([]byte("magic!"))
	return binary.BigEndian.AppendUint64(b, h.Sum64())
}
