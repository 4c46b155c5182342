// Package logline reads what all mail server logs have in common: the time
// stamp, the syslog head before the message, and the escapes syslog daemons
// put into it. Nothing here allocates more than it hands back.
package logline

// Outcome says what a parser made of one line. Every line has exactly one, so
// that lines read = Evidence + Ignored + Foreign + Unparsed.
type Outcome uint8

// The outcomes of a line.
const (
	// Unparsed is a line about a message in a form the parser does not know: it
	// is counted and shown.
	Unparsed Outcome = iota
	// Evidence is a line that gave at least one record.
	Evidence
	// Ignored is a line of the server in a known form that says nothing about a
	// message, such as a connection or a statistic.
	Ignored
	// Foreign is a line of another program, or no log line at all.
	Foreign
)

// String names the outcome as it stands in test files and statistics.
func (o Outcome) String() string {
	switch o {
	case Evidence:
		return "evidence"
	case Ignored:
		return "ignored"
	case Foreign:
		return "foreign"
	}
	return "unparsed"
}
