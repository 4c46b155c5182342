package logs

import (
	"testing"

	"waybill/internal/iam/policy"
)

// TestGuardsAreAsWritten: what is remembered of resource policies never outlives
// a write, of this package or of another.
func TestGuardsAreAsWritten(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	const resource = "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s"
	names := func() (list []string) {
		t.Helper()
		for range 2 { // read, then remembered
			named, err := f.ResourcePolicies(ctx, resource)
			if err != nil {
				t.Fatal(err)
			}
			list = nil
			for _, p := range named {
				list = append(list, p.Name)
			}
		}
		return list
	}
	if got := names(); got != nil {
		t.Errorf("before: %v", got)
	}
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.workmail.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}`
	if _, err := f.PutResourcePolicy(ctx, here, "p", document); err != nil {
		t.Fatal(err)
	}
	if got := names(); len(got) != 1 || got[0] != "p" {
		t.Errorf("after it was put: %v", got)
	}
	if err := f.DeleteResourcePolicy(ctx, here, "p"); err != nil {
		t.Fatal(err)
	}
	if got := names(); got != nil {
		t.Errorf("after it was deleted: %v", got)
	}
	// What was read before a write that has happened since is not kept.
	var c guardCache
	c.keep(guard{}, 1, []policy.Named{{Name: "old"}})
	if _, found := c.look(guard{}, 2); found {
		t.Error("an entry outlived a write")
	}
}
