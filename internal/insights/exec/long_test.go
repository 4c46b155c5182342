package exec_test

import (
	"strings"
	"testing"
	"time"
)

// TestLongChains holds that the longest expressions a query has room for are compiled
// at once: StartQuery does it before it answers.
func TestLongChains(t *testing.T) {
	for _, query := range []string{
		"fields " + strings.Repeat("1+", 4900) + "1",
		"stats sum(a) | fields " + strings.Repeat("1+", 4800) + "1",
		"stats sum(a) | filter " + strings.Repeat("1 or ", 1900) + "1",
		"filter " + strings.Repeat("a and ", 1600) + "a",
		"filter a in [" + strings.Repeat("1,", 4900) + "1]",
		"stats " + strings.Repeat("sum(a+b)+", 1000) + "sum(a+b) as x",
	} {
		began := time.Now()
		compile(t, query)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.30s... of %d characters: %v", query, len(query), took)
		}
	}
}
