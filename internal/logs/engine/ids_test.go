package engine

import "testing"

// The library's search of several tenants needs them in order. Journals hold
// batches of groups in any order, and a row that IDs misses is doubled.
func TestIDsOfTenantsInAnyOrder(t *testing.T) {
	e := open(t, t.TempDir())
	defer closeEngine(t, e)
	tenants := []Tenant{{1, 9}, {1, 2}, {2, 1}, {1, 5}}
	for i, tenant := range tenants {
		for n := range 20 {
			id := uint64(1000*(i+1) + n)
			add(t, e, Row{Tenant: tenant, Stream: uint64(i + 1), ID: id, Time: noon + int64(n), Ingested: noon, Message: "x"})
		}
	}
	if err := e.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids, err := e.IDs(t.Context(), tenants, noon, noon+100, 0)
	if err != nil || len(ids) != 80 {
		t.Fatalf("%d rows found, want 80; %v", len(ids), err)
	}
}
