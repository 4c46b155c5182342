package syntax

// CountFrequent is countFrequent a, b: how often each combination comes.
type CountFrequent struct {
	Span
	Fields []*Field
}

// CountFrequentColumn is the column of the count.
const CountFrequentColumn = "_approxcount"

func (c *CountFrequent) String() string { return "countFrequent " + joinFields(c.Fields) }

// Defines returns the columns.
func (c *CountFrequent) Defines() []string {
	var out []string
	for _, f := range c.Fields {
		out = append(out, f.Name())
	}
	return append(out, CountFrequentColumn)
}

func parseCountFrequent(p *parser, start int) Command {
	fields := p.fields()
	return &CountFrequent{p.from(start), fields}
}
