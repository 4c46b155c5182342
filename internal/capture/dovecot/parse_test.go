package dovecot

import (
	"testing"

	"waybill/internal/capture/logline/linetest"
)

const recorded = "../../mailtrace/testdata/recorded/*/dovecot"

func TestRecorded(t *testing.T) { linetest.Golden(t, Parse, recorded, "testdata/recorded.golden") }

func TestLines(t *testing.T) { linetest.Golden(t, Parse, "testdata/*.log", "testdata/lines.golden") }

func TestRecordedEvents(t *testing.T) {
	linetest.Golden(t, Parse, "testdata/exporter/*/events", "testdata/events.golden")
}
