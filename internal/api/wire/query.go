package wire

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"

	"waybill/internal/awserr"
)

// queryCodec is the AWS Query protocol: a form in, XML out.
type queryCodec struct{}

// open reads Action and Version, and nothing else: the rest waits until the
// signature is known to be good.
func (queryCodec) open(r *Request, from *http.Request) error {
	form := string(r.body)
	action, version := queryName(form)
	if action == "" {
		form = from.URL.RawQuery
		action, version = queryName(form)
	}
	r.form = form
	r.Operation, r.version = action, version
	r.service = byVersion(version)
	r.Service = r.service.signing
	if action == "" {
		return awserr.New("MissingAction", "The request is missing an action or a required parameter.")
	}
	return nil
}

func queryName(form string) (action, version string) {
	for part := range strings.SplitSeq(form, "&") {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case name == "Action" && action == "":
			action, _ = url.QueryUnescape(value)
		case name == "Version" && version == "":
			version, _ = url.QueryUnescape(value)
		}
	}
	return action, version
}

func (queryCodec) decode(r *Request, in any) error { return decodeForm(r.form, in) }

func (queryCodec) result(r *Request, requestID string, out any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<" + r.Operation + `Response xmlns="` + r.service.namespace + `">`)
	if err := writeResult(&b, r.Operation+"Result", out); err != nil {
		return nil, err
	}
	b.WriteString("<ResponseMetadata><RequestId>" + requestID + "</RequestId></ResponseMetadata></" + r.Operation + "Response>")
	return b.Bytes(), nil
}

func (queryCodec) failure(r *Request, requestID string, e *awserr.Error) []byte {
	fault := "Sender"
	if isOurs(e) {
		fault = "Receiver"
	}
	var b bytes.Buffer
	b.WriteString(`<ErrorResponse xmlns="` + r.service.namespace + `"><Error><Type>` + fault + "</Type><Code>")
	escape(&b, e.Code)
	b.WriteString("</Code><Message>")
	escape(&b, e.Message)
	b.WriteString("</Message></Error><RequestId>" + requestID + "</RequestId></ErrorResponse>")
	return b.Bytes()
}

// escape never fails on a buffer; it replaces what XML cannot carry.
func escape(b *bytes.Buffer, s string) { _ = xml.EscapeText(b, []byte(s)) }

func (queryCodec) dress(_ *Request, h http.Header, _ *awserr.Error) {
	h.Set("Content-Type", "text/xml")
}

func (queryCodec) spell(e *awserr.Error) *awserr.Error { return asQuery(e) }

func (queryCodec) unknown(r *Request) *awserr.Error {
	version := r.version
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	return awserr.New("InvalidAction", "Could not find operation %s for version %s", clip(r.Operation), clip(version))
}
