package logs

import (
	"testing"

	"waybill/internal/awserr"
	"waybill/internal/logs/engine"
)

func TestRecordPointersRoundTrip(t *testing.T) {
	p := RecordPointer{Group: 7, Stream: 1 << 40, Position: engine.Position{Time: 1_700_000_000_123, ID: rowID(99, 3)}}
	got, err := ParseRecordPointer(p.String())
	if err != nil || got != p {
		t.Errorf("%v %v, want %v", got, err, p)
	}
	for _, bad := range []string{"", "x", "AQ", p.String() + "A", p.String()[1:], "AgECAwQ", "AQECAwA"} {
		if _, err := ParseRecordPointer(bad); !awserr.HasCode(err, codeParameter) {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}

func FuzzRecordPointer(f *testing.F) {
	f.Add(RecordPointer{1, 2, engine.Position{Time: 3, ID: 4}}.String())
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParseRecordPointer(s); err == nil && p.String() != s {
			t.Errorf("%q is also %q", s, p)
		}
	})
}

func TestALogRecordIsFoundUntilItExpires(t *testing.T) {
	f := newFixture(t)
	f.make(t, "g", "s")
	f.put(t, "g", "s", ev(-2*dayMillis, `{"a":{"b":[1,"x"]},"@t":"y"}`), ev(-2*dayMillis, "second"))
	page, err := f.GetLogEvents(t.Context(), here, GetQuery{Group: "g", Stream: "s"})
	must(t, err)
	g, err := f.Group(t.Context(), here, "g")
	must(t, err)
	r, err := f.LogRecord(t.Context(), PointerTo(g.tenant, &page.Events[1]))
	must(t, err)
	if got := r.Fields(); got["@message"] != "second" || got["@log"] != here.Account+":g" || got["@logStream"] != "s" || len(got) != 6 {
		t.Errorf("fields %v", got)
	}
	p := PointerTo(g.tenant, &page.Events[0])
	r, err = f.LogRecord(t.Context(), p)
	must(t, err)
	if got := r.Fields(); got["a.b.0"] != "1" || got["a.b.1"] != "x" || got["@@t"] != "y" || got["@ptr"] != p.String() {
		t.Errorf("fields %v", got)
	}
	must(t, f.PutRetentionPolicy(t.Context(), here, "g", 1))
	_, err = f.LogRecord(t.Context(), p)
	wantError(t, err, codeNotFound, "log record")
	must(t, f.DeleteLogGroup(t.Context(), here, "g"))
	_, err = f.LogRecord(t.Context(), p)
	wantError(t, err, codeNotFound, "log group")
}
