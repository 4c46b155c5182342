package console

import (
	"net/netip"
	"sync"
	"time"
)

// throttle bounds how often sign-in may be tried. Each attempt is counted
// before the password is looked at, so that attempts side by side cannot slip
// past, and forgiven when it succeeds.
type throttle struct {
	now func() time.Time

	mu       sync.Mutex
	attempts map[string][]time.Time // by key, oldest first; guarded by mu
}

const (
	throttleWindow = 5 * time.Minute
	// throttleKeys bounds memory when attempts come from very many addresses.
	throttleKeys = 20_000
)

// limit is how many failed attempts one key may have within the window. One
// user from one address is the strictest; a user from all addresses together is
// the loosest, so that a stranger cannot easily lock the user out.
type limit struct {
	key string
	max int
}

func limitsFor(source netip.Addr, account, user string) []limit {
	addr := addressKey(source)
	name := account + "/" + user
	return []limit{
		{"pair " + addr + " " + name, 5},
		{"address " + addr, 20},
		{"user " + name, 100},
	}
}

// addressKey groups IPv6 addresses by /64, which is what one subscriber has.
func addressKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// reserve counts an attempt. When one of the limits is reached it counts
// nothing and returns how long to wait.
func (t *throttle) reserve(limits []limit) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, l := range limits {
		recent := t.recent(l.key, now)
		if len(recent) >= l.max {
			wait = max(wait, recent[len(recent)-l.max].Add(throttleWindow).Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	if t.attempts == nil {
		t.attempts = map[string][]time.Time{}
	}
	if len(t.attempts)+len(limits) > throttleKeys {
		t.shrink(now)
	}
	for _, l := range limits {
		t.attempts[l.key] = append(t.attempts[l.key], now)
	}
	return 0
}

// forgive takes back a reserved attempt that turned out to be right, and all
// that the same user failed from the same address before.
func (t *throttle) forgive(limits []limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.attempts, limits[0].key)
	for _, l := range limits[1:] {
		if a := t.attempts[l.key]; len(a) > 1 {
			t.attempts[l.key] = a[:len(a)-1]
		} else {
			delete(t.attempts, l.key)
		}
	}
}

// recent drops attempts older than the window and returns the rest.
func (t *throttle) recent(key string, now time.Time) []time.Time {
	a := t.attempts[key]
	i := 0
	for i < len(a) && now.Sub(a[i]) >= throttleWindow {
		i++
	}
	if i == len(a) {
		delete(t.attempts, key)
		return nil
	}
	if i > 0 {
		t.attempts[key] = a[i:]
	}
	return a[i:]
}

// shrink makes room: first what has expired goes, then, if that is not enough,
// any tenth.
func (t *throttle) shrink(now time.Time) {
	for key := range t.attempts {
		t.recent(key, now)
	}
	for key := range t.attempts {
		if len(t.attempts) <= throttleKeys*9/10 {
			return
		}
		delete(t.attempts, key)
	}
}
