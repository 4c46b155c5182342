package console

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	clock := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	th := &throttle{now: func() time.Time { return clock }}
	at := func(addr, user string) []limit { return limitsFor(netip.MustParseAddr(addr), "111122223333", user) }
	for i := range 5 {
		if w := th.reserve(at("198.51.100.1", "admin")); w != 0 {
			t.Fatalf("attempt %d has to wait %v", i+1, w)
		}
		clock = clock.Add(time.Second)
	}
	if w := th.reserve(at("198.51.100.1", "admin")); w != throttleWindow-5*time.Second {
		t.Errorf("the sixth attempt has to wait %v", w)
	}
	if w := th.reserve(at("198.51.100.2", "admin")); w != 0 {
		t.Errorf("the user at another address has to wait %v", w)
	}
	if w := th.reserve(at("198.51.100.1", "bob")); w != 0 {
		t.Errorf("another user at the address has to wait %v", w)
	}
	clock = clock.Add(throttleWindow)
	if w := th.reserve(at("198.51.100.1", "admin")); w != 0 {
		t.Errorf("after the window there is still a wait of %v", w)
	}
}

func TestThrottleByAddressAndForgiveness(t *testing.T) {
	clock := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	th := &throttle{now: func() time.Time { return clock }}
	attempt := func(addr string, n int) []limit {
		return limitsFor(netip.MustParseAddr(addr), "111122223333", fmt.Sprintf("user%d", n))
	}
	for i := range 20 {
		if w := th.reserve(attempt("2001:db8::"+fmt.Sprint(i), i)); w != 0 {
			t.Fatalf("attempt %d has to wait %v", i+1, w)
		}
	}
	if th.reserve(attempt("2001:db8::ffff", 21)) == 0 {
		t.Error("a /64 may try as often as it likes")
	}
	if th.reserve(attempt("2001:db8:0:1::1", 21)) != 0 {
		t.Error("a neighbouring /64 has to wait")
	}
	th = &throttle{now: func() time.Time { return clock }}
	for i := range 200 {
		l := attempt("198.51.100.1", 1)
		if w := th.reserve(l); w != 0 {
			t.Fatalf("right attempt %d has to wait %v", i+1, w)
		}
		th.forgive(l)
	}
	if len(th.attempts) != 0 {
		t.Errorf("%d keys are kept after success", len(th.attempts))
	}
}

func TestThrottleMemoryIsBounded(t *testing.T) {
	clock := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	th := &throttle{now: func() time.Time { return clock }}
	for i := range throttleKeys * 2 {
		th.reserve(limitsFor(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), "1", fmt.Sprint(i)))
	}
	if len(th.attempts) > throttleKeys {
		t.Errorf("%d keys are kept", len(th.attempts))
	}
}
