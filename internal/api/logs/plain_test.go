package logsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// plainBodies are requests in the plain form.
var plainBodies = []string{
	`{"logEvents":[{"message":"x","timestamp":1}],"logGroupName":"g","logStreamName":"s"}`,
	` { "logGroupName" : "g" , "logStreamName" : "s" , "sequenceToken" : "t" , "logEvents" : [ ] } `,
	`{"logEvents":[{"timestamp":0,"message":""},{"message":"{\"a\":\"\\\"\\u00e9\"}","timestamp":1764021600123}]}`,
	`{"logEvents":[{"message":"é \ud83d\ude00 \b\f\n\r\t\/\\","timestamp":999999999999999999}]}`,
	`{}`,
}

// otherBodies are left to encoding/json, which takes some of them.
var otherBodies = []string{
	`{"logEvents":[{"message":"x","timestamp":1}],"LogGroupName":"g"}`,
	`{"logEvents":[{"message":"x","timestamp":1.0}]}`,
	`{"logEvents":[{"message":"x","timestamp":1e3}]}`,
	`{"logEvents":[{"message":"x","timestamp":-1}]}`,
	`{"logEvents":[{"message":"x","timestamp":01}]}`,
	`{"logEvents":[{"message":"x","timestamp":"1"}]}`,
	`{"logEvents":[{"message":"x","timestamp":9223372036854775808}]}`,
	`{"logEvents":[{"message":"x"}]}`,
	`{"logEvents":[{"message":null,"timestamp":1}]}`,
	`{"logEvents":[{"message":"x","message":"y","timestamp":1}]}`,
	`{"logEvents":[],"logEvents":[]}`,
	`{"logEvents":null}`,
	`{"logEvents":[null]}`,
	`{"logEvents":[{"message":"x","timestamp":1},]}`,
	`{"logEvents":[{"message":"x","timestamp":1,}]}`,
	`{"logEvents":[{"message":"x","timestamp":1}]`,
	`{"logEvents":[{"message":"x","timestamp":1}]}}`,
	`{"logEvents":[{"message":"x","timestamp":1}]} {}`,
	`{"entity":{"attributes":{}},"logEvents":[]}`,
	`{"logGroupName":"\ud800","logEvents":[]}`,
	`{"logGroupName":"\ud800\u0041","logEvents":[]}`,
	`{"logGroupName":"\x41"}`,
	"{\"logGroupName\":\"\xff\"}",
	"{\"logGroupName\":\"\n\"}",
	`{"logGroupName":"`,
	`{"logGroupName":"\`,
	`{"logGroupName":"\u00`,
	`{"logGroupName":"\ud83d\ude`,
	`{`, `{"`, `{"logEvents":[`, `{"logEvents":[{`, `{"logEvents" [`, `[]`, ``,
}

func TestDecodeJSON(t *testing.T) {
	for _, body := range plainBodies {
		var in PutLogEventsInput
		if !in.DecodeJSON([]byte(body)) {
			t.Errorf("%s is not read", body)
		}
		compare(t, []byte(body))
	}
	for _, body := range otherBodies {
		var in PutLogEventsInput
		if in.DecodeJSON([]byte(body)) || !reflect.DeepEqual(in, PutLogEventsInput{}) {
			t.Errorf("%s is read", body)
		}
	}
}

// compare demands that what DecodeJSON reads encoding/json reads too, and as the same.
func compare(t *testing.T, body []byte) {
	t.Helper()
	before := bytes.Clone(body)
	var own, other PutLogEventsInput
	if !own.DecodeJSON(body) {
		return
	}
	if !bytes.Equal(body, before) {
		t.Fatalf("%q was written to", before)
	}
	type plain PutLogEventsInput // without DecodeJSON
	if err := json.Unmarshal(body, (*plain)(&other)); err != nil {
		t.Fatalf("%q is read but wrong: %v", body, err)
	}
	events, err := own.events()
	if err != nil {
		t.Fatal(err)
	}
	want, err := other.events()
	if err != nil {
		t.Fatalf("%q is read but wrong: %v", body, err)
	}
	// No list and an empty one differ: the first is a missing member.
	if (own.LogEvents == nil && own.plain == nil) != (other.LogEvents == nil) || len(events) != len(want) {
		t.Fatalf("%q: %v, want %v", body, events, want)
	}
	for i := range want {
		if events[i] != want[i] {
			t.Errorf("%q: event %d is %v, want %v", body, i, events[i], want[i])
		}
	}
	for i, pair := range [][2]*string{
		{own.LogGroupName, other.LogGroupName}, {own.LogStreamName, other.LogStreamName}, {own.SequenceToken, other.SequenceToken},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%q: member %d is not %v", body, i, pair[1])
		}
	}
}

func FuzzDecodeJSON(f *testing.F) {
	for _, body := range append(plainBodies, otherBodies...) {
		f.Add([]byte(body))
	}
	f.Fuzz(compare)
}

func BenchmarkDecodePutLogEvents(b *testing.B) {
	in := struct {
		Events []InputLogEvent `json:"logEvents"`
		Group  string          `json:"logGroupName"`
		Stream string          `json:"logStreamName"`
	}{Group: "g", Stream: "s"}
	for i := range int64(3_000) {
		m := fmt.Sprintf(`{"eventTimestamp":%d,"traceId":"%032x","event":{"eventName":"OUTGOING_EMAIL_SENT","recipient":"user%d@example.com",`+
			`"from":"sender@example.org","messageId":"<%d.%x@mail.example.org>","organizationId":"m-0123456789abcdef0123456789abcdef"}}`, i, i, i, i, i)
		in.Events = append(in.Events, InputLogEvent{&i, &m})
	}
	body, err := json.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var in PutLogEventsInput
			if !in.DecodeJSON(body) {
				b.Fatal("not read")
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var in PutLogEventsInput
			if err := json.Unmarshal(body, &in); err != nil {
				b.Fatal(err)
			}
		}
	})
}
