package sigv4

import (
	"crypto/subtle"
	"sync"
)

// maxKeys bounds each of the cache's two generations. One entry is one key on
// one day in one Region for one service.
const maxKeys = 1024

type keyID struct{ key, date, region, service string }

type keyEntry struct{ secret, signing []byte }

// keyCache holds derived signing keys in two generations: when the young one is
// full it becomes the old one, and what is still used moves up again. Only keys
// of requests that verified come in, so strangers cannot push others out.
type keyCache struct {
	mu         sync.Mutex
	young, old map[keyID]keyEntry // guarded by mu
}

// get returns the key if it was derived from this very secret.
func (c *keyCache) get(id keyID, secret string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.young[id]
	if !ok {
		if entry, ok = c.old[id]; !ok {
			return nil, false
		}
	}
	if subtle.ConstantTimeCompare(entry.secret, []byte(secret)) != 1 {
		return nil, false
	}
	c.add(id, entry)
	return entry.signing, true
}

func (c *keyCache) put(id keyID, secret string, signing []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(id, keyEntry{[]byte(secret), signing})
}

// add needs mu held.
func (c *keyCache) add(id keyID, entry keyEntry) {
	if _, ok := c.young[id]; !ok && len(c.young) >= maxKeys {
		c.old, c.young = c.young, nil
	}
	if c.young == nil {
		c.young = make(map[keyID]keyEntry)
	}
	c.young[id] = entry
}
