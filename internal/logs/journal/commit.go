package journal

import (
	"context"
	"database/sql"
	"fmt"
)

// run commits batches in groups until Close.
func (j *Journal) run() {
	defer close(j.done)
	for {
		select {
		case r := <-j.requests:
			j.commit(j.group(r))
		case <-j.closing:
			for {
				select {
				case r := <-j.requests:
					j.commit(j.group(r))
				default:
					return
				}
			}
		}
	}
}

// group returns first and whatever else is waiting.
func (j *Journal) group(first *request) []*request {
	g := []*request{first}
	for len(g) < maxGroup {
		select {
		case r := <-j.requests:
			g = append(g, r)
		default:
			return g
		}
	}
	return g
}

// commit makes a group durable with one fsync and answers each request.
func (j *Journal) commit(g []*request) {
	// Numbers are used up even if the commit fails: a commit whose fsync failed
	// may be on disk after all, and a number must never mean two batches.
	j.mu.Lock()
	for _, r := range g {
		r.seq = j.next
		j.next++
	}
	j.mu.Unlock()
	err := j.transact(context.Background(), func(tx *sql.Tx) error {
		for _, r := range g {
			if _, err := tx.Exec(`INSERT INTO batch (seq, data) VALUES (?, ?)`, int64(r.seq), r.data); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("append to journal %s: %w", j.path, explain(err))
	} else {
		j.mu.Lock()
		j.count += len(g)
		j.last = g[len(g)-1].seq
		for _, r := range g {
			j.bytes += int64(len(r.data))
		}
		j.mu.Unlock()
	}
	for _, r := range g {
		r.err <- err
	}
}
