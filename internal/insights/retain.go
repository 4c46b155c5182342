package insights

import (
	"slices"
	"time"

	"waybill/internal/insights/exec"
)

// tidyEvery is how often queries that are too old are looked for, should nobody ask
// anything meanwhile.
const tidyEvery = time.Hour

// tidy forgets what is too old until the service is closed.
func (s *Service) tidy() {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
			s.mu.Lock()
			s.forget()
			s.mu.Unlock()
		}
	}
}

// forget drops the oldest queries that are too old or too many. mu is held.
func (s *Service) forget() {
	before := s.Now().Add(-s.Kept)
	newest := len(s.order) - 1
	excess := len(s.order) - maxKept
	var running []*query
	i := 0
	for ; i <= newest; i++ {
		q := s.order[i]
		if !q.status.Ended() {
			running = append(running, q)
			continue
		}
		tooMuch := i < newest && (excess > 0 || s.bytes > s.KeptBytes)
		if !tooMuch && !q.created.Before(before) {
			break
		}
		s.remove(q)
		excess--
	}
	if i > len(running) {
		s.order = append(running, s.order[i:]...)
	}
}

// discard forgets one query. mu is held.
func (s *Service) discard(q *query) {
	s.remove(q)
	s.order = slices.DeleteFunc(s.order, func(o *query) bool { return o == q })
}

// remove forgets one query; its place in order stays. mu is held.
func (s *Service) remove(q *query) {
	delete(s.queries, q.id)
	s.bytes -= q.size
	s.drop(q)
	if s.kept == nil {
		return
	}
	if err := s.kept.Remove(q.id); err != nil {
		s.Logger.Warn("a Logs Insights query that is to be forgotten stays on disk", "query", q.id, "error", err)
	}
}

// answer is what a query answers and how it was run.
type answer struct {
	rows    [][]exec.Field
	columns []string
	plan    string
}

// cache keeps an answer in memory, where the last ones stay: whoever asks for rows
// does so soon. Older ones are on disk only, or gone if they are not there. mu is
// held.
func (s *Service) cache(q *query, a *answer) {
	if q.answer != nil || s.queries[q.id] != q {
		return
	}
	q.answer, q.inMemory = a, a.size()
	s.inMemory += q.inMemory
	s.cached = append(s.cached, q)
	for len(s.cached) > 1 && (s.inMemory > s.Cached || s.cached[0].answer == nil) {
		oldest := s.cached[0]
		s.cached = s.cached[1:]
		if s.drop(oldest); !oldest.saved && s.queries[oldest.id] == oldest {
			s.discard(oldest)
		}
	}
}

// drop lets a query's answer go from memory. mu is held.
func (s *Service) drop(q *query) {
	s.inMemory -= q.inMemory
	q.answer, q.inMemory = nil, 0
}

// size is about what an answer takes in memory.
func (a *answer) size() int64 {
	n := int64(len(a.plan))
	for _, row := range a.rows {
		n += 24
		for _, f := range row {
			n += int64(32 + len(f.Value))
		}
	}
	return n
}
