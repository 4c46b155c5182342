package insights

import (
	"context"
	"encoding/csv"
	"strings"

	"waybill/internal/awserr"
	"waybill/internal/insights/exec"
)

// CSV returns the answer of one of the account's queries as a lookup table takes
// it: the columns, without @ptr, and the rows; of a query that was stopped those
// found before. Errors: ResourceNotFoundException, and InvalidParameterException for
// a query without an answer or one that comes to more than most bytes.
func (s *Service) CSV(ctx context.Context, account, id string, most int) (string, error) {
	result, err := s.Results(ctx, account, id)
	if err != nil {
		return "", err
	}
	if result.Status != Complete && result.Status != Cancelled || len(result.Columns) == 0 {
		return "", awserr.New(codeParameter, "Query %s has no answer to make a table of: its status is %s.", id, result.Status)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	write := func(record []string) { _ = w.Write(record) } // a Builder takes everything
	write(result.Columns)
	for _, row := range result.Rows {
		write(cells(result.Columns, row))
		if w.Flush(); b.Len() > most {
			return "", awserr.New(codeParameter, "The answer of query %s is more than the %d bytes that a table may have.", id, most)
		}
	}
	w.Flush()
	return b.String(), nil
}

// cells returns the values of a row by column; a missing one is empty.
func cells(columns []string, row []exec.Field) []string {
	values := make(map[string]string, len(row))
	for _, f := range row {
		values[f.Name] = f.Value
	}
	out := make([]string, len(columns))
	for i, name := range columns {
		out[i] = values[name]
	}
	return out
}
