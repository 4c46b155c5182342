package main

import (
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"

	"waybill/bench/corpus"
	"waybill/internal/insights"
	"waybill/internal/insights/exec"
)

// The questions are the same in both languages, and those that the corpus itself
// answers: otherwise their figures say nothing beside each other.
func TestAnswersAreTheCorpus(t *testing.T) {
	c := corpus.Default(60_000)
	truth, err := c.Truth()
	if err != nil {
		t.Fatal(err)
	}
	list := questions(c)
	if len(list) != len(truth) {
		t.Errorf("%d questions, %d answers", len(list), len(truth))
	}
	folder := filepath.Join(t.TempDir(), "corpus")
	data, err := corpus.Open(t.Context(), folder, c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := insights.Open(t.Context(), insights.Config{Logs: data.Service, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range list {
		a, err := ask(t.Context(), s, c, q.text)
		if err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
		if got := count(a.Rows); got != truth[q.name] || got.Rows == 0 {
			t.Errorf("%s: %+v, want %+v", q.name, got, truth[q.name])
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	engine := openEngine(filepath.Join(folder, "logs", "storage"))
	defer engine.MustClose()
	tenants, err := engine.GetTenantIDs(t.Context(), c.Start.UnixNano(), c.Start.Add(c.Span).UnixNano())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range list {
		rows, err := askBare(engine, tenants, c, q.bare)
		if err != nil || rows != truth[q.name].Rows {
			t.Errorf("%s on the engine: %d rows, %v, want %d", q.name, rows, err, truth[q.name].Rows)
		}
	}
}

// count adds up the column that has counts.
func count(rows [][]exec.Field) corpus.Count {
	sum := corpus.Count{Rows: len(rows)}
	for _, row := range rows {
		n := 1
		for _, f := range row {
			if f.Name == "c" || f.Name == "count(*)" {
				n, _ = strconv.Atoi(f.Value)
			}
		}
		sum.Total += n
	}
	return sum
}
