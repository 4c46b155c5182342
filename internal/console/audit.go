package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// auditGroup is the log group of the audit trail.
const auditGroup = "/waybill/audit"

// auditQuery is what somebody looks for in the audit trail.
type auditQuery struct {
	// Who is a part of the caller's ARN, a user name or an access key id.
	Who string
	// Operation is an eventName, Resource a part of an ARN; both may have wildcards.
	Operation, Resource string
	// Outcome is "denied", "failed", "done" or empty for all.
	Outcome string
}

func auditQueryOf(v url.Values) auditQuery {
	q := auditQuery{Who: strings.TrimSpace(v.Get("who")), Operation: strings.TrimSpace(v.Get("operation")), Resource: strings.TrimSpace(v.Get("resource"))}
	switch o := v.Get("outcome"); o {
	case "denied", "failed", "done":
		q.Outcome = o
	}
	return q
}

// Active reports whether anything is looked for.
func (q auditQuery) Active() bool { return q != auditQuery{} }

func (q auditQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"who": q.Who, "operation": q.Operation, "resource": q.Resource, "outcome": q.Outcome} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// pattern is the filter pattern of the query.
func (q auditQuery) pattern() string {
	var parts []string
	if q.Who != "" {
		parts = append(parts, "($.userIdentity.arn = "+quote("*"+q.Who+"*")+" || $.userIdentity.userName = "+quote(q.Who)+
			" || $.userIdentity.accessKeyId = "+quote(q.Who)+" || $.userIdentity.invokedBy = "+quote(q.Who)+")")
	}
	if q.Operation != "" {
		parts = append(parts, "($.eventName = "+quote(q.Operation)+")")
	}
	if q.Resource != "" {
		parts = append(parts, "($.resources[0].ARN = "+quote("*"+q.Resource+"*")+" || $.resources[1].ARN = "+quote("*"+q.Resource+"*")+")")
	}
	switch q.Outcome {
	case "denied":
		parts = append(parts, `($.errorCode = "AccessDenied")`)
	case "failed":
		parts = append(parts, `($.errorCode = "*" || $.responseElements.ConsoleLogin = "Failure")`)
	case "done":
		parts = append(parts, `($.errorCode NOT EXISTS && $.responseElements.ConsoleLogin != "Failure" || $.errorCode NOT EXISTS && $.responseElements.ConsoleLogin NOT EXISTS)`)
	}
	if len(parts) == 0 {
		return ""
	}
	return "{ " + strings.Join(parts, " && ") + " }"
}

// auditView is the list of recent audit records.
type auditView struct {
	chrome
	Query    auditQuery
	Outcomes []choice
	Rows     []auditRow
	// Newest, Older and Refresh are links; empty where they lead nowhere.
	Newest, Older, Refresh string
	// Completeness says whether there is more than is shown.
	Completeness string
	Alert        *failure
}

// auditRow is one record.
type auditRow struct {
	At time.Time
	// Who called, as what kind of principal, from which address.
	Who, Kind, From string
	// Operation is the service's name and the operation's.
	Operation string
	Resources []string
	// Outcome is the decision, or what failed; Class colours it.
	Outcome, Class string
	// Statement names what decided, Reason says it in words.
	Statement, Reason string
}

// audit shows the recent records to those who may read the group.
func (c *Console) audit(w http.ResponseWriter, r *request) error {
	v := auditView{chrome: r.chrome, Query: auditQueryOf(r.URL.Query()), Refresh: r.URL.RequestURI()}
	v.Title, v.Section = v.T("Audit"), "audit"
	v.Outcomes = selectChoice([]choice{{Value: "", Name: v.T("All")}, {Value: "denied", Name: v.T("Denied")},
		{Value: "failed", Name: v.T("Failed")}, {Value: "done", Name: v.T("Done")}}, v.Query.Outcome)
	status := http.StatusOK
	if err := c.listAudit(r, &v); err != nil {
		f := v.explain(err)
		if f.Status >= http.StatusInternalServerError {
			return err
		}
		v.Alert, status = &f, f.Status
	}
	return c.render(w, status, "audit", v)
}

func (c *Console) listAudit(r *request, v *auditView) error {
	group, ok, err := c.calls.logGroup(r.Context(), r.call, auditGroup)
	if err != nil || !ok {
		return err
	}
	now := c.cfg.Now()
	before := position{At: now.Add(leadTime).UnixMilli() + 1}
	if s := r.URL.Query().Get("before"); s != "" {
		if before, err = parsePosition(s); err != nil {
			return err
		}
		v.Newest = pathWith(root+"audit", v.Query.values())
	}
	page, err := older(r.Context(), c.calls.events(r.call, auditGroup, v.Query.pattern()), c.cfg.Now, now.Add(pageTime), before, group.floor(now), pageSize)
	if err != nil {
		return err
	}
	for _, e := range page.Events {
		v.Rows = append(v.Rows, v.auditRow(e))
	}
	v.Completeness = v.T("%d records on this page", len(page.Events)) + "."
	next := position{At: page.Searched}
	if n := len(page.Events); page.More {
		next = position{page.Events[n-1].At, page.Events[n-1].ID}
	} else if page.Searched == 0 {
		return nil
	}
	q := v.Query.values()
	q.Set("before", next.String())
	v.Older = pathWith(root+"audit", q)
	return nil
}

// auditRecord is what the list needs of a record.
type auditRecord struct {
	EventSource, EventName, SourceIPAddress, ErrorCode, ErrorMessage string
	UserIdentity                                                     struct {
		Type, ARN, UserName, InvokedBy, AccessKeyId string
	}
	Resources           []struct{ ARN string }
	ResponseElements    struct{ ConsoleLogin string }
	AdditionalEventData struct {
		Decision, Reason, Kind string
		Statement              *struct {
			Policy, Owner, Kind, Sid string
			Index                    int
		}
	}
}

func (c chrome) auditRow(e logEvent) auditRow {
	row := auditRow{At: time.UnixMilli(e.At).UTC()}
	var r auditRecord
	if err := json.Unmarshal([]byte(e.Message), &r); err != nil {
		row.Outcome = c.T("Not an audit record")
		return row
	}
	if r.UserIdentity.UserName == "HIDDEN_DUE_TO_SECURITY_REASONS" {
		r.UserIdentity.UserName = c.T("nobody's name")
	}
	row.Who, row.Kind, row.From = whoCalled(&r), r.UserIdentity.Type, r.SourceIPAddress
	row.Operation = strings.TrimSuffix(r.EventSource, ".amazonaws.com") + ":" + r.EventName
	for _, a := range r.Resources {
		row.Resources = append(row.Resources, a.ARN)
	}
	d := &r.AdditionalEventData
	row.Reason, row.Statement = d.Reason, d.Kind
	if st := d.Statement; st != nil {
		row.Statement = c.statement(st.Kind, st.Owner, st.Policy, st.Sid, st.Index)
	}
	switch {
	case r.ErrorCode != "":
		row.Outcome, row.Class = r.ErrorCode, "warn"
		if denied(r.ErrorCode) {
			row.Class = "bad"
		}
	case r.ResponseElements.ConsoleLogin == "Failure":
		row.Outcome, row.Class, row.Reason = c.T("Failed"), "bad", r.ErrorMessage
	default:
		row.Outcome, row.Class = c.T("Done"), "good"
	}
	return row
}

// whoCalled is the shortest name that tells callers of an account apart.
func whoCalled(r *auditRecord) string {
	u := &r.UserIdentity
	for _, name := range []string{u.UserName, u.InvokedBy} {
		if name != "" {
			return name
		}
	}
	if _, session, ok := strings.Cut(u.ARN, ":assumed-role/"); ok {
		return session
	}
	if u.ARN != "" {
		return u.ARN
	}
	return u.AccessKeyId
}
