package iam

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// flushEvery is how often the uses of access keys are written.
const flushEvery = time.Minute

// KeyUse is the last use of an access key; At is zero for one never used.
type KeyUse struct {
	At time.Time
	// Service is the signing name of the service that was called, Region where.
	Service, Region string
}

// keyUses gathers the last uses of access keys, so that a request costs no
// write. What a crash loses is at most flushEvery of them.
type keyUses struct {
	mu      sync.Mutex
	pending map[string]KeyUse // by access key id, not written yet; guarded by mu
}

// NoteKeyUse remembers that an access key was used; it costs no I/O. The key of
// a session has no last use.
func (s *Service) NoteKeyUse(keyID string, u KeyUse) {
	if len(keyID) < len(prefixAccessKey) || keyID[:len(prefixAccessKey)] != prefixAccessKey {
		return
	}
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	if s.uses.pending == nil {
		s.uses.pending = make(map[string]KeyUse)
	}
	if u.At.After(s.uses.pending[keyID].At) {
		s.uses.pending[keyID] = u
	}
}

// newer returns the later of what is stored and what is not written yet.
func (k *keyUses) newer(keyID string, stored KeyUse) KeyUse {
	k.mu.Lock()
	defer k.mu.Unlock()
	if u := k.pending[keyID]; u.At.After(stored.At) {
		return u
	}
	return stored
}

func (k *keyUses) take() map[string]KeyUse {
	k.mu.Lock()
	defer k.mu.Unlock()
	taken := k.pending
	k.pending = nil
	return taken
}

// Flush writes the uses of access keys that are only in memory. It goes past the
// memo: no decision hangs on them.
func (s *Service) Flush(ctx context.Context) error {
	uses := s.uses.take()
	if len(uses) == 0 {
		return nil
	}
	err := s.Options.DB.Write(ctx, func(tx *sql.Tx) error {
		for id, u := range uses {
			_, err := tx.ExecContext(ctx, `UPDATE access_keys SET last_used = ?, last_service = ?, last_region = ? WHERE id = ? AND last_used < ?`,
				millis(u.At), u.Service, u.Region, id, millis(u.At))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // try again with the next ones
		for id, u := range uses {
			s.NoteKeyUse(id, u)
		}
	}
	return wrap(err, "write the last uses of %d access keys", len(uses))
}

// Run writes the uses of access keys now and then until ctx ends. What is used
// after that is written by Flush before the database is closed.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.Flush(ctx); err != nil {
				s.Logger.WarnContext(ctx, "last uses of access keys", "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}
