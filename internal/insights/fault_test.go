package insights

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"waybill/internal/insights/exec"
)

// An error's text may quote the query or an event; our own log has its kind only.
func TestOurLogHasNothingOfAQueryThatFailed(t *testing.T) {
	const address = "alice@example.com"
	for what, c := range map[string]struct {
		do   func() (*exec.Result, error)
		kind string
	}{
		"error": {func() (*exec.Result, error) {
			return nil, fmt.Errorf("near %q: %w", address, errors.New("cannot read"))
		},
			"*fmt.wrapError *errors.errorString"},
		"joined": {func() (*exec.Result, error) { return nil, errors.Join(errors.New(address)) }, "*errors.joinError"},
		"panic":  {func() (*exec.Result, error) { panic("BUG: near " + address) }, "panic of string"},
	} {
		var log bytes.Buffer
		s, err := Open(t.Context(), Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		must(t, err)
		_, err = safely(c.do)
		if told := s.reason(&query{id: "q-1"}, err); strings.Contains(told, address) {
			t.Errorf("%s: the caller is told %s", what, told)
		}
		if strings.Contains(log.String(), "alice") || !strings.Contains(log.String(), "query=q-1") || !strings.Contains(log.String(), c.kind) {
			t.Errorf("%s: logged %s", what, log.String())
		}
	}
}
