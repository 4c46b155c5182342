package app

import (
	"fmt"
	"net/http"

	"waybill/internal/logs"
)

// serveHealth answers 200 once the server is ready, which it is as long as it
// answers reads; what else an operator should see stands below the "ok".
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
	h := s.logs.Health()
	if h.Refuses != nil {
		fmt.Fprintln(w, "log events are refused; the log says why")
	}
	if h.Damaged > 0 {
		fmt.Fprintf(w, "%d damaged parts of the log engine are in quarantine\n", h.Damaged)
	}
}

func (p exposition) logs(h logs.Health) {
	p.head("waybill_log_events_refused", "gauge", "1 while log events are refused, for want of disk space for example.")
	p.value("waybill_log_events_refused", number(h.Refuses != nil))
	p.head("waybill_engine_quarantined", "gauge", "Damaged parts of the log engine in quarantine.")
	p.value("waybill_engine_quarantined", float64(h.Damaged))
	p.head("waybill_journal_batches", "gauge", "Batches of log events that are not in the log engine's files for certain yet.")
	p.value("waybill_journal_batches", float64(h.Journaled))
	p.head("waybill_journal_bytes", "gauge", "Their bytes.")
	p.value("waybill_journal_bytes", float64(h.JournaledBytes))
}
