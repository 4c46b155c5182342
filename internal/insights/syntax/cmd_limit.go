package syntax

import "strconv"

// MaxLimit is the largest limit a query may name.
const MaxLimit = 100_000

// Limit is limit n; head is the same. Any allows to stop at the first n found, in
// whatever order. Tail keeps the last n instead.
type Limit struct {
	Span
	N    int
	Any  bool
	Tail bool
}

func (l *Limit) String() string {
	switch {
	case l.Tail:
		return "tail " + strconv.Itoa(l.N)
	case l.Any:
		return "limit any " + strconv.Itoa(l.N)
	}
	return "limit " + strconv.Itoa(l.N)
}

func parseLimit(p *parser, start int) Command {
	anyRows := p.take("any")
	n := p.integer("a number of rows", 1, MaxLimit)
	return &Limit{Span: p.from(start), N: int(n), Any: anyRows}
}

func parseTail(p *parser, start int) Command {
	n := p.integer("a number of rows", 1, MaxLimit)
	return &Limit{Span: p.from(start), N: int(n), Tail: true}
}
