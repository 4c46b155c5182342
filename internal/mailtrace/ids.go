package mailtrace

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// digest makes an id of 32 hexadecimal digits from what is given, each part
// with its length so that no two lists of parts run together alike.
func digest(parts ...string) string {
	buf := make([]byte, 0, 256)
	for _, p := range parts {
		buf = strconv.AppendInt(buf, int64(len(p)), 10)
		buf = append(buf, ':')
		buf = append(buf, p...)
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:16])
}

// birthID identifies a message by its mail server, queue id and birth stamp. A
// short queue id is used again within seconds, but holds the microsecond of its
// birth: the same id cannot be born twice in one second, which is as exactly as
// the stamps of RFC 3164 tell.
func (m *Machine) birthID(source, queueID string, birth time.Time) string {
	return digest(m.cfg.OrganizationID, source, queueID, birth.UTC().Format(time.RFC3339Nano))
}

// inTrace and outTrace are the two traces that a message may have.
func inTrace(birth string) string  { return digest("in", birth) }
func outTrace(birth string) string { return digest("out", birth) }

func eventID(trace, name, which string) string { return digest("event", trace, name, which) }
