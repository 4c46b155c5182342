package golden

import (
	"slices"
	"strings"

	"waybill/internal/insights/exec"
	"waybill/internal/insights/syntax"
)

// Range is a group and the time of it that is looked at, in milliseconds, both
// ends included.
type Range struct {
	Group    string
	From, To int64
}

// Ranges returns what of the file's groups a query is about, and the first and the
// last time of it.
func (f *File) Ranges(q exec.Sub) (list []Range, start, end int64) {
	if len(q.Query.Sources) == 0 {
		for _, g := range f.Groups() {
			list = append(list, Range{g, q.Start, q.End})
		}
		return list, q.Start, q.End
	}
	for i, s := range q.Query.Sources {
		from, to := f.Start, f.End
		if s.Start != nil {
			from = s.Start.First(Now)
		}
		if s.End != nil {
			to = s.End.End(Now)
		}
		from, to = from+q.Shift, to+q.Shift
		if i == 0 {
			start, end = from, to
		}
		start, end = min(start, from), max(end, to)
		for _, g := range f.Groups() {
			if means(s, g) {
				list = append(list, Range{g, from, to})
			}
		}
	}
	return list, start, end
}

func means(s *syntax.Source, group string) bool {
	if len(s.Groups) > 0 {
		return slices.Contains(s.Groups, group)
	}
	return len(s.NamePrefixes) == 0 || slices.ContainsFunc(s.NamePrefixes, func(p string) bool { return strings.HasPrefix(group, p) })
}

// Groups returns the groups of the corpus, each once.
func (f *File) Groups() []string {
	var list []string
	for _, e := range f.Events {
		if !slices.Contains(list, e.Group) {
			list = append(list, e.Group)
		}
	}
	return list
}
