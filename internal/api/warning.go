package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"waybill/internal/iam/policy"
)

// WarningHeader carries what is odd about a policy that was written, a header
// each; AWS's answers have no member for it.
const WarningHeader = "X-Waybill-Warning"

// PolicyWriter is an input that writes a policy document.
type PolicyWriter interface {
	// WrittenPolicy returns the document and where it is to stand.
	WrittenPolicy() (kind policy.Kind, document string)
}

// warnings returns what is odd about the policy that a call has written.
func warnings(in any) []string {
	w, ok := in.(PolicyWriter)
	if !ok {
		return nil
	}
	kind, text := w.WrittenPolicy()
	doc, err := policy.Parse(kind, []byte(text))
	if err != nil {
		return nil // an older form, which the operation takes as it is
	}
	return policy.Warnings(doc)
}

// warn tells our own log; what a policy says of accounts and resources is no
// personal data.
func (d *Door) warn(ctx context.Context, call *Call, op *Operation, list []string) {
	for _, text := range list {
		d.Logger.LogAttrs(ctx, slog.LevelWarn, "policy", slog.String("request", call.RequestID), slog.String("service", op.Service),
			slog.String("operation", op.Name), slog.String("account", call.Caller.Account), slog.String("warning", text))
	}
}

// addWarnings puts warnings into the answer's headers, a few of them whole: in a
// header only printable ASCII is safe.
func addWarnings(h http.Header, list []string) {
	const most, longest = 10, 1000
	for i, text := range list {
		if i == most {
			break
		}
		text = strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '?'
			}
			return r
		}, text)
		if len(text) > longest {
			text = text[:longest] + "..."
		}
		h.Add(WarningHeader, text)
	}
}
