package console

import (
	"testing"

	"waybill/internal/logs/pattern"
)

func auditExample(c *Console) auditView {
	v := auditView{chrome: titled(testChrome(c, "none"), "Audit"), Query: auditQuery{Who: "alice", Outcome: "denied"}, Refresh: root + "audit", Older: root + "audit?before=1.2"}
	v.Section = "audit"
	v.Outcomes = selectChoice([]choice{{Value: "", Name: "All"}, {Value: "denied", Name: "Denied"}}, "denied")
	v.Completeness = "5 records on this page."
	for _, text := range []string{
		`{"eventSource":"logs.amazonaws.com","eventName":"FilterLogEvents","sourceIPAddress":"192.0.2.7","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice","userName":"alice"},
			"resources":[{"ARN":"arn:aws:logs:us-east-1:111122223333:log-group:/aws/workmail/emailevents/example:log-stream:"}],
			"additionalEventData":{"decision":"allowed","reason":"yes","statement":{"policy":"AdministratorAccess","kind":"identity-based policy","index":0}}}`,
		`{"eventSource":"iam.amazonaws.com","eventName":"ListRoles","sourceIPAddress":"192.0.2.7","errorCode":"AccessDenied","userIdentity":{"type":"IAMUser","userName":"alice"},
			"resources":[{"ARN":"arn:aws:iam::111122223333:role/"}],
			"additionalEventData":{"decision":"explicitDeny","statement":{"policy":"fence","owner":"group/dev","kind":"identity-based policy","sid":"NoRoles","index":1}}}`,
		`{"eventSource":"logs.amazonaws.com","eventName":"PutLogEvents","sourceIPAddress":"127.0.0.1","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/mail/m-0a"}}`,
		`{"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","sourceIPAddress":"198.51.100.9","errorMessage":"Failed authentication","responseElements":{"ConsoleLogin":"Failure"},"userIdentity":{"type":"IAMUser","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}}`,
		"not JSON",
	} {
		v.Rows = append(v.Rows, v.auditRow(logEvent{At: testTime.UnixMilli(), Message: text}))
	}
	return v
}

// TestAuditPatterns runs the page's filter patterns over records.
func TestAuditPatterns(t *testing.T) {
	const (
		done   = `{"eventName":"FilterLogEvents","userIdentity":{"arn":"arn:aws:iam::111122223333:user/alice","userName":"alice"},"resources":[{"ARN":"arn:aws:logs:::log-group:mail"}],"responseElements":null}`
		denied = `{"eventName":"DeleteRole","errorCode":"AccessDenied","userIdentity":{"arn":"arn:aws:sts::111122223333:assumed-role/r/bob"},"resources":[{"ARN":"a"},{"ARN":"arn:aws:iam:::role/mail"}]}`
		login  = `{"eventName":"ConsoleLogin","userIdentity":{"userName":"alice"},"responseElements":{"ConsoleLogin":"Success"}}`
		failed = `{"eventName":"ConsoleLogin","userIdentity":{"userName":"alice"},"responseElements":{"ConsoleLogin":"Failure"}}`
	)
	all := []string{done, denied, login, failed}
	for _, c := range []struct {
		query auditQuery
		want  []string
	}{
		{auditQuery{}, all},
		{auditQuery{Who: "alice"}, []string{done, login, failed}},
		{auditQuery{Who: "bob"}, []string{denied}},
		{auditQuery{Operation: "Delete*"}, []string{denied}},
		{auditQuery{Resource: "mail"}, []string{done, denied}},
		{auditQuery{Outcome: "denied"}, []string{denied}},
		{auditQuery{Outcome: "failed"}, []string{denied, failed}},
		{auditQuery{Outcome: "done"}, []string{done, login}},
		{auditQuery{Who: `a"b\`, Operation: "x"}, nil},
	} {
		p, err := pattern.Parse(c.query.pattern())
		if err != nil {
			t.Errorf("%+v: %s: %v", c.query, c.query.pattern(), err)
			continue
		}
		var got []string
		for _, r := range all {
			if p.Match(r) {
				got = append(got, r)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%+v: %d records, want %d: %q", c.query, len(got), len(c.want), got)
		}
	}
}
