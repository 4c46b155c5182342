package mailtrace

import (
	"strings"

	"waybill/internal/event"
	"waybill/internal/mailtrace/authres"
)

// verdicts is what the organization's own filters found.
type verdicts struct {
	spam, dkim, spf, dmarc event.Verdict
	// policy is the From domain's; applied is the one a filter says it carried out.
	policy, applied event.Policy
}

// verdicts reads the header that a milter saw. What no own filter checked has
// no verdict.
func (m *Machine) verdicts(msg *message) verdicts {
	h := msg.header()
	if h == nil {
		return verdicts{}
	}
	v := verdicts{spam: spamVerdict(h.Spam)}
	for _, field := range h.AuthenticationResults {
		r, err := authres.Parse(field)
		if err != nil || !m.isOwnFilter(msg, r.ServID) {
			continue
		}
		v.add(r)
	}
	if v.applied == "" && isByDMARC(h.Spam["X-Rspamd-Pre-Result"]) {
		v.applied = v.policy
	}
	return v
}

// isByDMARC reports whether Rspamd says that its DMARC module decided on the
// action: "action=add header; module=dmarc; Action set by DMARC".
func isByDMARC(preResult string) bool {
	for part := range strings.SplitSeq(preResult, ";") {
		if strings.TrimSpace(part) == "module=dmarc" {
			return true
		}
	}
	return false
}

// add takes a field's results; of several fields the topmost is the newest and counts.
func (v *verdicts) add(r authres.Field) {
	if v.dkim == "" {
		v.dkim = best(r, "dkim")
	}
	if v.spf == "" {
		v.spf = best(r, "spf")
	}
	if v.dmarc != "" {
		return
	}
	for _, res := range r.Results {
		if res.Method == "dmarc" {
			v.dmarc = authVerdict(res.Value)
			v.policy = policy(res.Comment("policy"), res.Comment("p"))
			if dis := policy(res.Comment("dis")); dis == event.PolicyQuarantine || dis == event.PolicyReject {
				v.applied = dis
			}
			return
		}
	}
}

// best is the verdict of a method that may have several results: one good
// signature is enough (RFC 6376 section 4.2).
func best(r authres.Field, method string) event.Verdict {
	var found event.Verdict
	rank := map[event.Verdict]int{"": 0, event.Gray: 1, event.ProcessingFailed: 2, event.Fail: 3, event.Pass: 4}
	for _, res := range r.Results {
		if res.Method == method {
			if v := authVerdict(res.Value); rank[v] > rank[found] {
				found = v
			}
		}
	}
	return found
}

// authVerdict maps the result words of RFC 8601 section 2.7.
func authVerdict(result string) event.Verdict {
	switch result {
	case "pass":
		return event.Pass
	case "fail", "softfail", "hardfail", "policy":
		return event.Fail
	case "none", "neutral":
		return event.Gray
	case "temperror", "permerror":
		return event.ProcessingFailed
	}
	return ""
}

func policy(words ...string) event.Policy {
	for _, w := range words {
		switch strings.ToLower(w) {
		case "none":
			return event.PolicyNone
		case "quarantine":
			return event.PolicyQuarantine
		case "reject":
			return event.PolicyReject
		}
	}
	return ""
}

// spamVerdict reads the fields that spam filters add: Rspamd's action, or yes
// and no as SpamAssassin and others write it.
func spamVerdict(fields map[string]string) event.Verdict {
	for _, name := range []string{"X-Rspamd-Action", "X-Spam-Action"} {
		switch strings.ToLower(fields[name]) {
		case "no action", "greylist":
			return event.Pass
		case "rewrite subject", "soft reject":
			return event.Gray
		case "add header", "quarantine", "reject":
			return event.Fail
		}
	}
	var found event.Verdict
	for _, name := range []string{"X-Spam-Flag", "X-Spam", "X-Spam-Status"} {
		word := strings.ToLower(fields[name])
		if strings.HasPrefix(word, "yes") {
			return event.Fail
		}
		if strings.HasPrefix(word, "no") {
			found = event.Pass
		}
	}
	return found
}

// isOwnFilter reports whether an authserv-id is that of the organization's own
// filter. Without a configured list it is the mail server's name, by its
// milter or its log, or a name in the organization's domains.
func (m *Machine) isOwnFilter(msg *message, id string) bool {
	id = strings.ToLower(id)
	if len(m.authids) > 0 {
		return m.authids[id]
	}
	if id == strings.ToLower(msg.TxHost) || id == strings.ToLower(msg.Host) {
		return true
	}
	for d := range m.own {
		if id == d || strings.HasSuffix(id, "."+d) {
			return true
		}
	}
	return false
}
