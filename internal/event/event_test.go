package event

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const org = "m-0123456789abcdef0123456789abcdef"

// examples has one body of each eventName with every field set.
var examples = []Body{
	OrganizationEmailReceived{Recipients: []string{"alice@example.com"}, Sender: "pa@sender.test", From: "s@sender.test", Subject: "hé <b>", MessageID: "<a@sender.test>",
		SpamVerdict: Pass, DKIMVerdict: Gray, SPFVerdict: ProcessingFailed, DMARCVerdict: Fail, DMARCPolicy: PolicyReject, MessageTimestamp: 5},
	MailboxEmailDelivered{Recipient: "alice@example.com", Folder: "INBOX", OriginalRecipient: "sales@example.com"},
	RuleApplied{RuleName: "r", RuleType: MailboxRule, RuleActions: []RuleAction{{Action: "redirect", Recipients: []string{"a@example.com"}}}, TargetFolder: "F", TargetRecipient: "t@ok.test"},
	JournalingInitiated{JournalingAddress: "journal@example.com"},
	IncomingEmailBounced{BouncedRecipient{"full@example.com", "full", "5.2.2"}, "sales@example.com"},
	OutgoingEmailSubmitted{Recipients: []string{"x@ok.test"}, Sender: "pa@example.com", From: "alice@example.com", Subject: "s", MessageID: "<b@example.com>"},
	OutgoingEmailSent{Recipient: "x@ok.test", Sender: "pa@example.com", From: "alice@example.com", MessageID: "<b@example.com>", OriginalRecipient: "ext@example.com"},
	OutgoingEmailBounced{BouncedRecipient{"x@ok.test", "no such user", "5.1.1"}, "x@ok.test", "no such user", "ext@example.com"},
	DMARCPolicyApplied{From: "s@forged.test", Recipients: []string{"alice@example.com"}, Policy: PolicyQuarantine},
	OutgoingEmailDeferred{Deferral{"x@ok.test", 2, "greylisted", "4.7.1", 9, "ext@example.com"}},
	IncomingEmailDeferred{Deferral{"full@example.com", 1, "full", "4.2.2", 9, "sales@example.com"}},
	IncomingEmailRejected{From: "s@sender.test", Recipient: "alice@example.com", Reason: "spam", Status: "5.7.1", ClientAddress: "203.0.113.66"},
	MailboxEmailDiscarded{Recipient: "discard@example.com", RuleName: "main: line 3", OriginalRecipient: "sales@example.com"},
}

func example(b Body) Event {
	return Event{Timestamp: 1764021600123, OrganizationID: org, TraceID: "0a", Body: b}
}

func TestExamplesCoverEveryName(t *testing.T) {
	for i, b := range examples {
		if b.Name() != Names[i] {
			t.Errorf("example %d is %s, want %s", i, b.Name(), Names[i])
		}
		if IsAmazon(b.Name()) != (i < 9) {
			t.Errorf("IsAmazon(%s) is wrong", b.Name())
		}
	}
	if len(examples) != len(Names) || len(bodies) != len(Names) {
		t.Fatalf("%d examples and %d decoders for %d names", len(examples), len(bodies), len(Names))
	}
}

func TestMarshalShape(t *testing.T) {
	got, err := Marshal(example(MailboxEmailDelivered{Recipient: "a+<b>@example.com", Folder: "INBOX"}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"eventTimestamp":1764021600123,"organizationId":"` + org + `","traceId":"0a","event":{"eventName":"MAILBOX_EMAIL_DELIVERED","recipient":"a+<b>@example.com","folder":"INBOX"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRoundTripValidateAndSchema(t *testing.T) {
	sch := compileSchema(t)
	for _, b := range examples {
		e := example(b)
		if err := e.Validate(); err != nil {
			t.Errorf("%s: %v", b.Name(), err)
		}
		data, err := Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, e) {
			t.Errorf("round trip:\n got %+v\nwant %+v", back, e)
		}
		if err := validateSchema(sch, data); err != nil {
			t.Errorf("%s against schema.json: %v", b.Name(), err)
		}
	}
}

// TestInvalid blanks each required member in turn: Validate and the schema must both object.
func TestInvalid(t *testing.T) {
	sch := compileSchema(t)
	for name, b := range map[string]Body{
		"recipients":        OrganizationEmailReceived{MessageTimestamp: 5},
		"messageTimestamp":  OrganizationEmailReceived{Recipients: []string{"a@b"}},
		"spamVerdict":       OrganizationEmailReceived{Recipients: []string{"a@b"}, MessageTimestamp: 5, SpamVerdict: "MAYBE"},
		"dmarcPolicy":       OrganizationEmailReceived{Recipients: []string{"a@b"}, MessageTimestamp: 5, DMARCVerdict: Pass, DMARCPolicy: PolicyNone},
		"folder":            MailboxEmailDelivered{Recipient: "a@b"},
		"ruleType":          RuleApplied{RuleName: "r", RuleType: "X", RuleActions: []RuleAction{{"a", []string{"b"}}}},
		"ruleActions":       RuleApplied{RuleName: "r", RuleType: InboundRule},
		"journalingAddress": JournalingInitiated{},
		"bouncedRecipient":  IncomingEmailBounced{BouncedRecipient: BouncedRecipient{EmailAddress: "a@b", Status: "5.1.1"}},
		"recipients[0]":     OutgoingEmailSubmitted{Recipients: []string{""}},
		"recipient":         OutgoingEmailSent{},
		"destination":       OutgoingEmailBounced{BouncedRecipient: BouncedRecipient{"a", "b", "c"}, Reason: "b"},
		"policy":            DMARCPolicyApplied{Recipients: []string{"a@b"}},
		"attempt":           OutgoingEmailDeferred{Deferral{"a", 0, "b", "c", 0, ""}},
		"reason":            IncomingEmailRejected{Status: "5.7.1"},
		"ruleName":          MailboxEmailDiscarded{Recipient: "a@b"},
	} {
		e := example(b)
		if err := e.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s without a valid %s: Validate says %v", b.Name(), name, err)
		}
		data, err := Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if validateSchema(sch, data) == nil {
			t.Errorf("%s without a valid %s passes schema.json", b.Name(), name)
		}
	}
	for _, e := range []Event{{}, {Body: examples[1]}, {Timestamp: 1, OrganizationID: "m-1", TraceID: "t", Body: examples[1]}, {Timestamp: 1, OrganizationID: org, Body: examples[1]}} {
		if e.Validate() == nil {
			t.Errorf("%+v is called valid", e)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, in := range []string{``, `{}`, `{"event":{}}`, `{"event":{"eventName":"TOMORROW"}}`, `{"event":{"eventName":"OUTGOING_EMAIL_SENT","recipient":4}}`} {
		if _, err := Decode([]byte(in)); err == nil {
			t.Errorf("Decode(%s) gives no error", in)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range examples {
		data, _ := Marshal(example(b))
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode(data)
		if err != nil {
			return
		}
		out, err := Marshal(e)
		if err != nil {
			t.Fatalf("decoded but does not encode: %v", err)
		}
		back, err := Decode(out)
		if err != nil {
			t.Fatalf("%s does not decode: %v", out, err)
		}
		again, err := Marshal(back)
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("not stable:\n%s\n%s (%v)", out, again, err)
		}
	})
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	sch, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return sch
}

func validateSchema(sch *jsonschema.Schema, data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	return sch.Validate(v)
}
