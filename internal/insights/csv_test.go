package insights

import (
	"testing"

	"waybill/internal/awserr"
)

func TestCSV(t *testing.T) {
	folder := t.TempDir()
	l := newLab(t, Config{Folder: folder})
	id, err := l.Start(t.Context(), request(`filter n > 96 | fields n, concat("a,", n) as b | fields nothing | sort n asc`))
	must(t, err)
	l.ended(t, id)
	none, err := l.Start(t.Context(), request("filter n = 500 | fields n"))
	must(t, err)
	l.ended(t, none)
	release := l.busy()
	waiting, err := l.Start(t.Context(), request("stats count(*)"))
	must(t, err)
	_, err = l.CSV(t.Context(), here.Account, waiting, 1000)
	wantParameter(t, err)
	must(t, l.Stop(t.Context(), here.Account, waiting))
	_, err = l.CSV(t.Context(), here.Account, waiting, 1000)
	wantParameter(t, err)
	release()
	_, err = l.CSV(t.Context(), here.Account, id, 10)
	wantParameter(t, err)
	if _, err = l.CSV(t.Context(), "444455556666", id, 1000); !awserr.HasCode(err, codeNotFound) {
		t.Errorf("another account: %v", err)
	}
	must(t, l.Close())
	next := l.anew(t, folder)
	for q, want := range map[string]string{id: "n,b,nothing\n97,\"a,97\",\n98,\"a,98\",\n99,\"a,99\",\n", none: "n\n"} {
		got, err := next.CSV(t.Context(), here.Account, q, 1000)
		if must(t, err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func wantParameter(t *testing.T, err error) {
	t.Helper()
	if !awserr.HasCode(err, codeParameter) {
		t.Errorf("error %v", err)
	}
}
