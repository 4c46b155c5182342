package tracer

import (
	"testing"

	"waybill/internal/capture/logline/linetest"
)

func TestReplayRecorded(t *testing.T) {
	names, lines := linetest.Lines(t, "../../../mailtrace/testdata/recorded/*/tracer")
	var sections []linetest.Section
	for _, name := range names {
		records, err := Replay(lines[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sections = append(sections, linetest.Section{Name: name, Records: records})
	}
	linetest.GoldenRecords(t, sections, "testdata/recorded.golden")
}

func TestReplayRefusesBadLines(t *testing.T) {
	for _, line := range []string{`{`, `{"t":"25:00:00","stage":"MAIL"}`, `{"t":"22:00:00.1","stage":"TEA"}`} {
		if _, err := Replay([]string{line}); err == nil {
			t.Errorf("replayed %s without an error", line)
		}
	}
}
