package syntax

// Pattern is pattern text: which shapes the texts have, and how often.
type Pattern struct {
	Span
	X Expr
}

// PatternColumns are the columns that pattern makes. The guide has the first four; the
// others are in CloudWatch Logs' answers.
var PatternColumns = []string{"@pattern", "@ratio", "@sampleCount", "@severityLabel",
	"@PatternId", "@regexString", "@tokens", "@logSamples", "@visualization"}

func (c *Pattern) String() string { return "pattern " + c.X.String() }

// Defines returns the columns.
func (c *Pattern) Defines() []string { return PatternColumns }

func parsePattern(p *parser, start int) Command {
	x := p.expr()
	return &Pattern{p.from(start), x}
}

// DiffTo says which earlier time diff compares with.
type DiffTo string

// The times of Diff. The zero value is the time just before, of the same length.
const (
	DiffDay   DiffTo = "previousDay"
	DiffWeek  DiffTo = "previousWeek"
	DiffMonth DiffTo = "previousMonth"
)

// Diff is diff previousDay: the patterns now beside those of an earlier time.
type Diff struct {
	Span
	To DiffTo
}

// DiffColumns are the columns that diff adds to those of pattern.
var DiffColumns = []string{"@differenceCount", "@differenceDescription"}

func (d *Diff) String() string {
	if d.To == "" {
		return "diff"
	}
	return "diff " + string(d.To)
}

// Defines returns the columns.
func (d *Diff) Defines() []string { return DiffColumns }

func parseDiff(p *parser, start int) Command {
	d := &Diff{}
	for _, to := range []DiffTo{DiffDay, DiffWeek, DiffMonth} {
		if p.take(string(to)) {
			d.To = to
		}
	}
	d.Span = p.from(start)
	return d
}

// LogCompare is logcompare timeshift 7d: diff with a time that far back.
type LogCompare struct {
	Span
	Shift *Period
}

func (l *LogCompare) String() string { return "logcompare timeshift " + l.Shift.String() }

// Defines returns the columns.
func (l *LogCompare) Defines() []string { return DiffColumns }

func parseLogCompare(p *parser, start int) Command {
	p.expectWord("timeshift")
	l := &LogCompare{Shift: p.period()}
	l.Span = p.from(start)
	return l
}

// Anomaly is anomaly: which of the patterns are unusual.
type Anomaly struct{ Span }

// AnomalyColumns are the columns that anomaly adds.
var AnomalyColumns = []string{"@anomaly", "@anomalyDescription"}

func (*Anomaly) String() string { return "anomaly" }

// Defines returns the columns.
func (*Anomaly) Defines() []string { return AnomalyColumns }

func parseAnomaly(p *parser, start int) Command { return &Anomaly{p.from(start)} }
