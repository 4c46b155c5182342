package golden

import (
	"context"
	"fmt"
	"strings"

	"waybill/internal/insights/exec"
)

// Lookup has the lookup tables of the golden queries.
func Lookup(_ context.Context, name string) (*exec.Table, error) {
	switch name {
	case "people":
		return table("address,name,department", "alice@example.com,Alice,Sales", "bob@example.com,Bob,Support", "carol@example.com,Carol,"), nil
	case "net-table":
		return table("cidr,region,owner", "192.0.2.0/24,eu-west-1,mail", "192.0.2.128/25,eu-central-1,lab", "2001:db8::/32,v6,net"), nil
	case "hosts":
		return table("owner,ip", "first,192.0.2.7", "second,192.0.2.7/32", "all,0.0.0.0/0", "nobody,no network", "v6,::/0"), nil
	case "codes":
		return table("id,n,label", "a,1,one", "a,2,two", "b,1,other", "a,1,again", ",1,none"), nil
	}
	return nil, fmt.Errorf("there is no lookup table %s", name)
}

// table makes a table of lines whose cells have no commas in them.
func table(lines ...string) *exec.Table {
	t := &exec.Table{Columns: strings.Split(lines[0], ",")}
	t.Rows = func(take func(cells []string) error) error {
		for _, line := range lines[1:] {
			if err := take(strings.Split(line, ",")); err != nil {
				return err
			}
		}
		return nil
	}
	return t
}
