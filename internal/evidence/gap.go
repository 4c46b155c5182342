package evidence

// Gap says that a source could not be read whole: lines dropped by a full
// buffer, a file that vanished before its end was read, a milter callback that
// had no room. It is counted and shown, and makes a negative answer uncertain.
type Gap struct {
	Reason string `json:"reason"`
	// Lost counts what was lost, -1 when that is not known.
	Lost int64 `json:"lost"`
}
