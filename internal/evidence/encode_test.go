package evidence

import (
	"reflect"
	"testing"
	"time"
)

func TestBatchRoundTrip(t *testing.T) {
	at := time.Date(2026, 11, 23, 22, 6, 0, 123e6, time.UTC)
	facts := []Fact{
		Client{QueueID: "Q", Name: "n", Address: "198.51.100.25", SASLUser: "u", OriginQueueID: "P", Service: "submission"},
		Pickup{QueueID: "Q", UID: "0", Sender: "root", OriginQueueID: "P"}, MessageID{QueueID: "Q", ID: "<a@b>"}, Subject{QueueID: "Q", Text: "hé"},
		Queued{QueueID: "Q", Size: 4, Recipients: 2},
		Attempt{QueueID: "Q", Recipient: "a@b", Agent: "smtp", Delay: time.Second, Status: Sent, Text: "250", NextQueueID: "R", Session: "S:R2"},
		Expired{QueueID: "Q"}, Notification{QueueID: "Q", Kind: NonDelivery, ChildID: "C"}, Removed{QueueID: "Q"}, Released{QueueID: "Q"},
		Rejected{Stage: "RCPT", Code: 550, EnhancedStatus: "5.1.1", Reason: "r"}, CleanupAction{QueueID: "Q", Action: "redirect", Text: "b@c"},
		TooLarge{QueueID: "Q"},
		Transaction{QueueID: "Q", Complete: true, Recipients: []MilterRecipient{{Address: "a@b", Mailer: "lmtp"}}, Header: &Header{Subject: "s", Spam: map[string]string{"X-Spam": "Yes"}}, Received: at, Ended: at},
		Saved{Session: "S", User: "a@b", Folder: "INBOX", By: "mail_log"}, SieveAction{Session: "S", User: "a@b", Action: "discard"},
		StoreFailed{Session: "S", Reason: "Quota exceeded"}, DeliveryFinished{Session: "S", Recipient: "a@b"}, Gap{Reason: "x", Lost: -1},
	}
	var records []Record
	seen := map[string]bool{}
	for _, f := range facts {
		seen[f.kind()] = true
		records = append(records, Record{Source: "mx", Host: "h", Time: at, Fact: f})
	}
	for kind := range decoders {
		if !seen[kind] {
			t.Errorf("no example of kind %q in this test", kind)
		}
	}
	blob, err := EncodeBatch(records)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeBatch(blob)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, records) {
		t.Errorf("round trip changed the records:\n got %+v\nwant %+v", got, records)
	}
}

func TestUnknownKindIsAnError(t *testing.T) {
	if _, err := DecodeBatch([]byte(`[{"s":"mx","t":"2026-11-23T22:06:00Z","k":"tomorrow","f":{}}]`)); err == nil {
		t.Error("a kind this version does not know decoded without an error")
	}
}
