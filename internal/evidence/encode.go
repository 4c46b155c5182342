package evidence

import (
	"encoding/json"
	"fmt"
	"time"
)

func (Client) kind() string           { return "client" }
func (Pickup) kind() string           { return "pickup" }
func (MessageID) kind() string        { return "message-id" }
func (Subject) kind() string          { return "subject" }
func (Queued) kind() string           { return "queued" }
func (Attempt) kind() string          { return "attempt" }
func (Expired) kind() string          { return "expired" }
func (Notification) kind() string     { return "notification" }
func (Removed) kind() string          { return "removed" }
func (Released) kind() string         { return "released" }
func (Rejected) kind() string         { return "rejected" }
func (CleanupAction) kind() string    { return "cleanup-action" }
func (TooLarge) kind() string         { return "too-large" }
func (Transaction) kind() string      { return "transaction" }
func (Saved) kind() string            { return "saved" }
func (SieveAction) kind() string      { return "sieve-action" }
func (StoreFailed) kind() string      { return "store-failed" }
func (DeliveryFinished) kind() string { return "delivery-finished" }
func (Gap) kind() string              { return "gap" }

// decoders makes an empty fact of each kind to decode into and hands it back as
// a value. A test checks that every Fact is here.
var decoders = map[string]func(json.RawMessage) (Fact, error){
	"client":            decode[Client],
	"pickup":            decode[Pickup],
	"message-id":        decode[MessageID],
	"subject":           decode[Subject],
	"queued":            decode[Queued],
	"attempt":           decode[Attempt],
	"expired":           decode[Expired],
	"notification":      decode[Notification],
	"removed":           decode[Removed],
	"released":          decode[Released],
	"rejected":          decode[Rejected],
	"cleanup-action":    decode[CleanupAction],
	"too-large":         decode[TooLarge],
	"transaction":       decode[Transaction],
	"saved":             decode[Saved],
	"sieve-action":      decode[SieveAction],
	"store-failed":      decode[StoreFailed],
	"delivery-finished": decode[DeliveryFinished],
	"gap":               decode[Gap],
}

func decode[F Fact](data json.RawMessage) (Fact, error) {
	var f F
	err := json.Unmarshal(data, &f)
	return f, err
}

// record is a Record's form in the spool.
type record struct {
	Source string          `json:"s"`
	Host   string          `json:"h,omitempty"`
	Time   time.Time       `json:"t"`
	Kind   string          `json:"k"`
	Fact   json.RawMessage `json:"f"`
}

// MarshalJSON writes the record in the spool's form.
func (r Record) MarshalJSON() ([]byte, error) {
	fact, err := json.Marshal(r.Fact)
	if err != nil {
		return nil, fmt.Errorf("encode %s evidence: %w", r.Fact.kind(), err)
	}
	return json.Marshal(record{Source: r.Source, Host: r.Host, Time: r.Time, Kind: r.Fact.kind(), Fact: fact})
}

// UnmarshalJSON reads the spool's form. A kind this version does not know is an
// error: a spool is never read by an older version silently.
func (r *Record) UnmarshalJSON(data []byte) error {
	var raw record
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	dec, ok := decoders[raw.Kind]
	if !ok {
		return fmt.Errorf("decode evidence: unknown kind %q", raw.Kind)
	}
	fact, err := dec(raw.Fact)
	if err != nil {
		return fmt.Errorf("decode %s evidence: %w", raw.Kind, err)
	}
	*r = Record{Source: raw.Source, Host: raw.Host, Time: raw.Time, Fact: fact}
	return nil
}

// EncodeBatch writes records as one blob for the spool.
func EncodeBatch(records []Record) ([]byte, error) { return json.Marshal(records) }

// DecodeBatch reads what EncodeBatch wrote.
func DecodeBatch(blob []byte) ([]Record, error) {
	var records []Record
	if err := json.Unmarshal(blob, &records); err != nil {
		return nil, fmt.Errorf("decode evidence batch: %w", err)
	}
	return records, nil
}
