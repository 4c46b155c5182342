package milter

import (
	"strings"
	"testing"
	"unicode/utf8"

	"waybill/internal/evidence"
)

func TestFirstAddress(t *testing.T) {
	for in, want := range map[string]string{
		"a@example.com": "a@example.com",
		`"Quoted, Name" <a@example.com>, b@example.com`: "a@example.com",
		"=?utf-8?q?caf=C3=A9?= <a@example.com>":         "a@example.com",
		"Group: a@example.com, b@example.com;":          "a@example.com",
		"Jörg <jörg@exämple.test>":                      "jörg@exämple.test",
		"not (closed <a@example.com>":                   "a@example.com",
		"broken, a@example.com":                         "a@example.com",
		"undisclosed-recipients:;":                      "",
		"":                                              "",
	} {
		if got := firstAddress(in); got != want {
			t.Errorf("firstAddress(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestReceivedID(t *testing.T) {
	for in, want := range map[string]string{
		"from mx.example.com ([127.0.0.1]) by mx.example.com with LMTP id gP+HNK25BGvebQAAg+zDdQ (envelope-from <s@sender.test>) for <r@example.com>; Mon": "gP+HNK25BGvebQAAg+zDdQ",
		"from a (b [192.0.2.1]) by mx (Postfix) with ESMTP id CAEB89C8949 for <r@example.com>; Mon, 23 Nov 2026":                                           "CAEB89C8949",
		"from a (no id here) by mx (Postfix); Mon, 23 Nov 2026 id x":                                                                                       "",
		"by mx with SMTP id abc; Mon": "abc",
		"":                            "",
	} {
		if got := receivedID(in); got != want {
			t.Errorf("receivedID(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestContentType(t *testing.T) {
	for in, want := range map[string]string{
		"Multipart/Report; Report-Type=Delivery-Status; boundary=b": "multipart/report; report-type=delivery-status",
		"text/plain; charset=utf-8":                                 "text/plain",
		"text/plain; charset":                                       "text/plain",
		"":                                                          "",
	} {
		if got := contentType(in); got != want {
			t.Errorf("contentType(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestReportScannerAcrossPieces(t *testing.T) {
	body := "x\r\nX-Postfix-Queue-ID: 2BA759C8940\r\nX-Postfix-Queue-ID: OTHER\r\n"
	for cut := range len(body) {
		var s reportScanner
		if s.write([]byte(body[:cut])) {
			s.write([]byte(body[cut:]))
		}
		if s.parent != "2BA759C8940" {
			t.Errorf("cut at %d: %q", cut, s.parent)
		}
	}
	var s reportScanner
	if s.write([]byte(strings.Repeat("x\n", reportBytes))) || s.parent != "" {
		t.Error("a long body without the field is wanted further")
	}
}

// FuzzHeader checks that no header field can break the evidence: it stays valid
// UTF-8 on one line, and survives the spool's encoding.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{"hello", "=?utf-8?q?a?=\r\n =?x?b?!?=", "a <b@c>\xff", "multipart/report; report-type=\"x", "from a by b id c;", "Mon, 23 Nov 2026 22:06:00 +0000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var c headerCollector
		for name := range wanted {
			c.add(name, value)
		}
		h := c.finish()
		for _, s := range []string{h.MessageID, h.From, h.Subject, h.AutoSubmitted, h.ContentType, h.AuthenticationResults[0]} {
			if !utf8.ValidString(s) {
				t.Errorf("not UTF-8: %q", s)
			}
		}
		if strings.ContainsAny(h.AuthenticationResults[0], "\r\n\t") {
			t.Errorf("not unfolded: %q", h.AuthenticationResults[0])
		}
		blob, err := evidence.EncodeBatch([]evidence.Record{{Fact: evidence.Transaction{Header: h}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.DecodeBatch(blob); err != nil {
			t.Fatal(err)
		}
	})
}
