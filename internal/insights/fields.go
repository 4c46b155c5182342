package insights

import (
	"cmp"
	"context"
	"slices"

	"waybill/internal/insights/exec"
	"waybill/internal/logs"
)

// FieldShare is how many of a hundred events have a field.
type FieldShare struct {
	Name    string
	Percent int
}

// Fields returns the fields of a log group's events of a time in milliseconds,
// both ends included, those that most events have first.
func (s *Service) Fields(ctx context.Context, group logs.GroupName, from, to int64) ([]FieldShare, error) {
	source, err := s.Logs.OpenSource(ctx, []logs.GroupName{group})
	if err != nil {
		return nil, err
	}
	counts, events, err := source.Fields(ctx, from, to)
	if err != nil || events == 0 {
		return nil, err
	}
	for _, name := range []string{exec.FieldIngestionTime, exec.FieldLog, exec.FieldLogStream, exec.FieldMessage, exec.FieldPtr, exec.FieldTimestamp} {
		counts[name] = events
	}
	list := make([]FieldShare, 0, len(counts))
	for name, n := range counts {
		list = append(list, FieldShare{name, n * 100 / events})
	}
	slices.SortFunc(list, func(a, b FieldShare) int {
		return cmp.Or(cmp.Compare(b.Percent, a.Percent), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}
