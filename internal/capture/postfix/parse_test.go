package postfix

import (
	"testing"

	"waybill/internal/capture/logline/linetest"
)

const recorded = "../../mailtrace/testdata/recorded/*/maillog"

func TestRecorded(t *testing.T) { linetest.Golden(t, Parse, recorded, "testdata/recorded.golden") }

func TestLines(t *testing.T) { linetest.Golden(t, Parse, "testdata/*.log", "testdata/lines.golden") }
