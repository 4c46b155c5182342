// Command loki asks a Loki 3 the questions of bench/insights, on the events of
// bench/corpus, to be set beside Waybill's figures in docs/performance.md. Loki
// is not part of this repository: build its cmd/loki and start it with loki.yaml
// of this folder,
//
//	LOKI_DATA=FOLDER loki -config.file=bench/loki/loki.yaml -config.expand-env=true -target=all
//	go run ./bench/loki -push -pid PID        # fill it, once
//	go run ./bench/loki -check -pid PID       # ask
//
// It prints what bench/insights prints, the CPU being that of the process PID.
// With -check the number of rows, and the sum of counts, must be what the corpus
// itself says. Between filling and asking stop Loki, remove FOLDER/wal, as all is
// flushed, and start it anew: then what it has in memory is what the questions took.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"waybill/bench/corpus"
	"waybill/bench/figure"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:3110", "where Loki listens")
	pid := flag.Int("pid", 0, "Loki's process")
	push := flag.Bool("push", false, "push the corpus instead of asking")
	events := flag.Int("events", 10_000_000, "how many events the corpus has")
	runs := flag.Int("runs", 15, "how often each question is asked")
	only := flag.String("only", "", "only the questions whose name holds this")
	check := flag.Bool("check", false, "compare the answers with the corpus")
	flag.Parse()
	l, c := newLoki(*url), corpus.Default(*events)
	var err error
	if *push {
		err = fill(l, process(*pid), c)
	} else {
		err = ask(l, process(*pid), c, *runs, *only, *check)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "loki:", err)
		os.Exit(1)
	}
}

func fill(l *loki, p process, c corpus.Config) error {
	ctx := context.Background()
	start, before := time.Now(), p.cpu()
	bytes, err := l.push(ctx, c)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	took := time.Since(start)
	fmt.Printf("pushed %d events, %d bytes, in %.0f s, %.0f events/s; CPU %.0f s; %s\n",
		c.Events, bytes, took.Seconds(), float64(c.Events)/took.Seconds(), (p.cpu() - before).Seconds(), p.memory())
	if err := l.flush(ctx); err != nil {
		return err
	}
	fmt.Printf("flushed after %.0f s; CPU %.0f s; %s\n", time.Since(start).Seconds(), (p.cpu() - before).Seconds(), p.memory())
	return nil
}

func ask(l *loki, p process, c corpus.Config, runs int, only string, check bool) error {
	ctx := context.Background()
	var truth map[string]corpus.Count
	if check {
		var err error
		if truth, err = c.Truth(); err != nil {
			return err
		}
	}
	fmt.Printf("%-34s %9s %9s %9s %7s\n", "", "Loki", "p95", "CPU", "rows")
	for _, q := range questions(c) {
		if !strings.Contains(q.name, only) {
			continue
		}
		var answer []byte
		f, err := figure.Measure(runs, p.cpu, func() (rows int, err error) {
			answer, err = l.ask(ctx, c, q)
			return 0, err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		got, err := count(answer)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		f.Rows = got.Rows
		wrong := ""
		if want := truth[q.name]; check && got != want {
			wrong = fmt.Sprintf("  WRONG: %+v, want %+v", got, want)
		}
		fmt.Printf("%-34s %s%s\n", q.name, f, wrong)
	}
	fmt.Println(p.memory())
	return nil
}
