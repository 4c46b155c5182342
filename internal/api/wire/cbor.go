package wire

import (
	"errors"
	"math"
	"net/http"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"waybill/internal/awserr"
)

// cborCodec is Smithy's RPC v2 protocol. Go's SDK sends maps and lists of
// indefinite length, and times as tag 1.
type cborCodec struct{}

func (cborCodec) decode(r *Request, in any) error {
	if len(r.body) == 0 {
		return nil
	}
	err := cbor.Unmarshal(r.body, in)
	var wrongType *cbor.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType) && wrongType.StructFieldName != "":
		return serialization("%s at '%s' can not be converted.", wrongType.CBORType, wrongType.StructFieldName)
	}
	return serialization("The request body is not valid CBOR for this operation.")
}

func (cborCodec) result(_ *Request, _ string, out any) ([]byte, error) {
	if v := reflect.ValueOf(out); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return []byte{0xa0}, nil // the empty map
	}
	return cbor.Marshal(out)
}

func (cborCodec) failure(_ *Request, _ string, e *awserr.Error) []byte {
	body, err := cbor.Marshal(map[string]string{"__type": e.Code, "message": e.Message})
	if err != nil {
		// Strings always marshal.
		return []byte{0xa0}
	}
	return body
}

func (cborCodec) dress(r *Request, h http.Header, e *awserr.Error) {
	h.Set("Content-Type", "application/cbor")
	h.Set("Smithy-Protocol", "rpc-v2-cbor")
	if e != nil && r.service.legacyCodes {
		h.Set("x-amzn-query-error", legacyHeader(e))
	}
}

func (cborCodec) spell(e *awserr.Error) *awserr.Error { return asJSON(e) }

func (cborCodec) unknown(r *Request) *awserr.Error { return jsonCodec{}.unknown(r) }

// MarshalCBOR implements cbor.Marshaler: tag 1 with a double.
func (e EpochSeconds) MarshalCBOR() ([]byte, error) {
	return cbor.Marshal(cbor.Tag{Number: 1, Content: float64(e.UnixMilli()) / 1000})
}

// UnmarshalCBOR implements cbor.Unmarshaler for tag 1 with a double or an integer.
func (e *EpochSeconds) UnmarshalCBOR(data []byte) error {
	var tag cbor.RawTag
	if err := cbor.Unmarshal(data, &tag); err != nil || tag.Number != 1 {
		return errors.New("decode timestamp: not a CBOR tag 1")
	}
	var seconds float64
	if err := cbor.Unmarshal(tag.Content, &seconds); err != nil {
		return errors.New("decode timestamp: tag 1 holds no number")
	}
	if math.IsNaN(seconds) || !inRange(seconds) {
		return errors.New("decode timestamp: out of range")
	}
	*e = fromSeconds(seconds)
	return nil
}
