package api

import (
	"testing"
	"testing/synctest"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam"
)

func TestRatesAreOfAccountAndFamily(t *testing.T) {
	l := newLimiter(Limits{Requests: 10}, MaxBody)
	now := time.Unix(1_764_072_000, 0)
	put, get := &Operation{Service: "logs", Name: "PutLogEvents"}, &Operation{Service: "logs", Name: "GetLogEvents"}
	admitted := func(key string, op *Operation) (n int) {
		for l.admit(key, op, now) == nil {
			l.done(key)
			n++
		}
		return n
	}
	if n := admitted("one", put); n != 20 {
		t.Errorf("%d requests at once, want twice the rate", n)
	}
	if err := l.admit("one", put, now); !awserr.HasCode(err, "Throttling") {
		t.Errorf("one too many: %v", err)
	}
	if a, b := admitted("one", get), admitted("two", put); a != 20 || b != 20 {
		t.Errorf("another family has %d, another account %d", a, b)
	}
	now = now.Add(500 * time.Millisecond)
	if n := admitted("one", put); n != 5 {
		t.Errorf("%d requests after half a second, want 5", n)
	}
}

func TestRequestsUnderWayAndBodiesAreBounded(t *testing.T) {
	l := newLimiter(Limits{InFlight: 2, Bodies: 1}, MaxBody)
	op := &Operation{Service: "logs", Name: "GetLogEvents"}
	call := &Call{Caller: iam.Principal{Account: "111122223333"}}
	now := time.Unix(1_764_072_000, 0)
	var held []*holding
	for range 2 {
		h := &holding{l: l}
		if err := h.admit(call, op, now); err != nil {
			t.Fatal(err)
		}
		held = append(held, h)
	}
	third := &holding{l: l}
	if err := third.admit(call, op, now); !awserr.HasCode(err, "Throttling") {
		t.Errorf("a third request under way: %v", err)
	}
	if err := held[0].body(l.Bodies); err != nil {
		t.Fatal(err)
	}
	if err := held[1].body(1); !awserr.HasCode(err, "Throttling") {
		t.Errorf("more bytes than there may be: %v", err)
	}
	third.release() // refused: it holds nothing
	held[0].release()
	if err := held[1].body(1); err != nil {
		t.Error(err)
	}
	if err := third.admit(call, op, now); err != nil {
		t.Error(err)
	}
}

func TestSearchesWaitForTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Searches: 1}, MaxBody)
		op := &Operation{Service: "logs", Name: "FilterLogEvents"}
		end, err := l.turn(t.Context(), op)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.turn(t.Context(), op); !awserr.HasCode(err, "Throttling") {
			t.Errorf("a second search: %v", err)
		}
		go func() {
			time.Sleep(time.Second) // synctest's time
			end()
		}()
		end, err = l.turn(t.Context(), op)
		if err != nil {
			t.Errorf("its turn had come: %v", err)
		}
		end()
	})
}

func TestAClockSetBackThrottlesNobody(t *testing.T) {
	l := newLimiter(Limits{Requests: 10}, MaxBody)
	op := &Operation{Service: "sts", Name: "GetCallerIdentity"}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{now, now.Add(-2 * time.Hour), now.Add(-2 * time.Hour)} {
		if err := l.admit("111122223333", op, at); err != nil {
			t.Errorf("at %v: %v", at, err)
		}
	}
}
