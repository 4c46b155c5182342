package exec

import "testing"

// FuzzBeginning holds that beginning never says otherwise than compare.
func FuzzBeginning(f *testing.F) {
	for _, s := range []string{"", "a", "ab1", "ab!", "abz", "ab10", "ab9", "1", "-1", "aaaaaaaa1", "aaaaaaaaa", "\xff\xff\xff\xff\xff\xff\xff\xff", "é", "anna@example.com"} {
		f.Add(s, "ab2")
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		values := []value{sortValue(text(s)), sortValue(text(other)), null, {kind: kindNumber, n: 7}}
		for _, a := range values {
			for _, b := range values {
				if beginning(a) < beginning(b) && compare(a, b) >= 0 {
					t.Errorf("%q begins before %q but does not come before it", a.display(), b.display())
				}
			}
		}
	})
}
