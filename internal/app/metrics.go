package app

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"waybill/internal/audit"
	"waybill/internal/capture"
	"waybill/internal/mailtrace"
)

// serveMetrics answers in Prometheus text format. It holds counts and names from
// the configuration, never subjects or addresses, so it asks for no sign-in.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	out := bufio.NewWriter(w)
	defer out.Flush()
	p := exposition{out}
	p.sources(s.sources.Stats())
	p.correlators(s.correlators)
	p.publishing(r, s)
	p.audit(s.trail.Counts())
	p.logs(s.logs.Health())
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	p.head("waybill_memory_bytes", "gauge", "Memory obtained from the system.")
	p.value("waybill_memory_bytes", float64(mem.Sys))
	p.head("waybill_goroutines", "gauge", "Goroutines.")
	p.value("waybill_goroutines", float64(runtime.NumGoroutine()))
}

// exposition writes metric families.
type exposition struct{ w *bufio.Writer }

func (p exposition) head(name, kind, help string) {
	fmt.Fprintf(p.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// value writes one sample; labels are name, value pairs.
func (p exposition) value(name string, v float64, labels ...string) {
	fmt.Fprint(p.w, name)
	for i := 0; i < len(labels); i += 2 {
		sep := ","
		if i == 0 {
			sep = "{"
		}
		fmt.Fprintf(p.w, "%s%s=\"%s\"", sep, labels[i], escape.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		fmt.Fprint(p.w, "}")
	}
	fmt.Fprintf(p.w, " %g\n", v)
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (p exposition) sources(stats []capture.SourceStats) {
	for _, m := range []struct {
		name, kind, help string
		of               func(capture.SourceStats) float64
	}{
		{"waybill_source_lines_total", "counter", "Log lines read.", func(s capture.SourceStats) float64 { return float64(s.Lines) }},
		{"waybill_source_unparsed_lines_total", "counter", "Lines of a watched server in a form that is not known.", func(s capture.SourceStats) float64 { return float64(s.Unparsed) }},
		{"waybill_source_records_total", "counter", "Facts handed on.", func(s capture.SourceStats) float64 { return float64(s.Records) }},
		{"waybill_source_gaps_total", "counter", "Places where something could not be read.", func(s capture.SourceStats) float64 { return float64(s.Gaps) }},
		{"waybill_source_lost_total", "counter", "Lines or transactions known to be lost.", func(s capture.SourceStats) float64 { return float64(s.Lost) }},
		{"waybill_source_failures_total", "counter", "How often the source stopped with an error.", func(s capture.SourceStats) float64 { return float64(s.Failures) }},
		{"waybill_source_running", "gauge", "1 while the source is at work.", func(s capture.SourceStats) float64 { return number(s.Running) }},
		{"waybill_source_behind", "gauge", "Bytes, or milter transactions, not read yet.", func(s capture.SourceStats) float64 { return float64(s.Behind) }},
		{"waybill_source_lag_seconds", "gauge", "Age of the latest record while behind.", func(s capture.SourceStats) float64 { return s.Lag.Seconds() }},
	} {
		p.head(m.name, m.kind, m.help)
		for _, s := range stats {
			p.value(m.name, m.of(s), "source", s.Name, "kind", s.Kind)
		}
	}
}

func (p exposition) correlators(list []*correlator) {
	for _, m := range []struct {
		name, kind, help string
		of               func(mailtrace.Stats) int
	}{
		{"waybill_open_messages", "gauge", "Messages under way.", func(s mailtrace.Stats) int { return s.Open }},
		{"waybill_joined_total", "counter", "Transactions, sessions and follow-up messages joined to a message.", func(s mailtrace.Stats) int { return s.Joined }},
		{"waybill_timed_out_total", "counter", "Messages given up before their evidence was complete.", func(s mailtrace.Stats) int { return s.TimedOut }},
		{"waybill_unmatched_total", "counter", "Evidence that no message claimed.", func(s mailtrace.Stats) int { return s.Unmatched }},
	} {
		p.head(m.name, m.kind, m.help)
		for _, c := range list {
			if s := c.stats.Load(); s != nil {
				p.value(m.name, float64(m.of(*s)), "organization", c.alias)
			}
		}
	}
}

func (p exposition) publishing(r *http.Request, s *Server) {
	p.head("waybill_events_waiting", "gauge", "Events not published yet.")
	var after []func()
	for _, c := range s.correlators {
		st, err := s.publisher.Status(r.Context(), c.organization)
		if err != nil {
			s.logger.Error("read delivery state", "organization", c.organization, "error", err)
			continue
		}
		p.value("waybill_events_waiting", float64(st.Waiting), "organization", c.alias)
		after = append(after, func() {
			p.value("waybill_events_published_total", float64(st.Published), "organization", c.alias)
		})
	}
	p.head("waybill_events_published_total", "counter", "Events that the log group accepted.")
	for _, f := range after {
		f()
	}
}

func (p exposition) audit(c audit.Counts) {
	p.head("waybill_audit_records_total", "counter", "Audit records written.")
	p.value("waybill_audit_records_total", float64(c.Written))
	p.head("waybill_audit_lost_total", "counter", "Audit records that were not written, by reason.")
	p.value("waybill_audit_lost_total", float64(c.Lost), "reason", "no_room")
	p.value("waybill_audit_lost_total", float64(c.Suppressed), "reason", "too_many_strangers")
	p.head("waybill_audit_waiting_bytes", "gauge", "Audit records not written yet.")
	p.value("waybill_audit_waiting_bytes", float64(c.Waiting))
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
