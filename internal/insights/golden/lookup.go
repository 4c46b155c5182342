package golden

import (
	"context"
	"fmt"

	"waybill/internal/insights/exec"
)

// Lookup has the lookup tables of the golden queries.
func Lookup(_ context.Context, name string) (*exec.Table, error) {
	switch name {
	case "people":
		return &exec.Table{
			Columns: []string{"address", "name", "department"},
			Rows:    [][]string{{"alice@example.com", "Alice", "Sales"}, {"bob@example.com", "Bob", "Support"}, {"carol@example.com", "Carol", ""}},
		}, nil
	case "net-table":
		return &exec.Table{
			Columns: []string{"cidr", "region", "owner"},
			Rows:    [][]string{{"192.0.2.0/24", "eu-west-1", "mail"}, {"192.0.2.128/25", "eu-central-1", "lab"}, {"2001:db8::/32", "v6", "net"}},
		}, nil
	}
	return nil, fmt.Errorf("there is no lookup table %s", name)
}
