package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"waybill/bench/corpus"
)

// loki is a running Loki.
type loki struct {
	url    string
	client *http.Client
}

func newLoki(url string) *loki {
	return &loki{url: strings.TrimSuffix(url, "/"), client: &http.Client{
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: pushers},
	}}
}

// get returns the body of an answer.
func (l *loki) get(ctx context.Context, path string, values url.Values) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+path+"?"+values.Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := l.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %.300s", path, resp.Status, text)
	}
	return text, err
}

// metric returns one of Loki's own metrics, which has no labels.
func (l *loki) metric(ctx context.Context, name string) (float64, error) {
	text, err := l.get(ctx, "/metrics", nil)
	if err != nil {
		return 0, err
	}
	for s := bufio.NewScanner(strings.NewReader(string(text))); s.Scan(); {
		if value, ok := strings.CutPrefix(s.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// ask asks a question about the whole corpus and returns Loki's JSON.
func (l *loki) ask(ctx context.Context, c corpus.Config, q question) ([]byte, error) {
	nanos := func(n int64) string { return strconv.FormatInt(n, 10) }
	start, end := c.Start.UnixNano(), c.Start.Add(c.Span).UnixNano()+1e6 // the last millisecond is in it
	switch values := (url.Values{"query": {q.text}}); {
	case q.step > 0: // what came in the step up to each time; Loki rounds times to steps
		values.Set("start", nanos(start+q.step.Nanoseconds()))
		values.Set("end", nanos(c.Start.Add(c.Span).UnixNano()))
		values.Set("step", q.step.String())
		return l.get(ctx, "/loki/api/v1/query_range", values)
	case q.limit > 0:
		values.Set("start", nanos(start))
		values.Set("end", nanos(end))
		values.Set("limit", strconv.Itoa(q.limit))
		values.Set("direction", q.direction)
		return l.get(ctx, "/loki/api/v1/query_range", values)
	default:
		values.Set("time", nanos(end-1))
		return l.get(ctx, "/loki/api/v1/query", values)
	}
}

// count counts an answer: the lines of streams, or the samples of a vector or matrix.
func count(answer []byte) (corpus.Count, error) {
	var a struct {
		Data struct {
			Result []struct {
				Value  []any
				Values [][]any
			}
		}
	}
	var sum corpus.Count
	if err := json.Unmarshal(answer, &a); err != nil {
		return sum, fmt.Errorf("answer: %w", err)
	}
	for _, r := range a.Data.Result {
		samples := r.Values
		if r.Value != nil {
			samples = [][]any{r.Value}
		}
		for _, s := range samples {
			sum.Rows++
			n := 1
			if at, isNumber := s[0].(float64); isNumber { // a sample, not a line
				value, err := strconv.ParseFloat(s[1].(string), 64)
				if err != nil {
					return sum, fmt.Errorf("answer, sample of %v: %w", at, err)
				}
				n = int(value)
			}
			sum.Total += n
		}
	}
	return sum, nil
}
