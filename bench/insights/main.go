// Command insights measures Logs Insights on the corpus of bench/corpus: each of
// the WorkMail guide's questions, and a few more, first through Waybill and then,
// where it can say the same, through the bare log engine on the same files.
//
//	go run ./bench/insights -data FOLDER [-events 10000000] [-runs 15] [-only NAME] [-explain] [-profile FILE]
//
// It prints the median and the 95th percentile of the runs in milliseconds, after
// one run that is not counted, and the mean of what a run took of all cores, which
// is what to compare on a machine that has other work. A question that takes long is asked three times. FOLDER is filled if it is empty.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"waybill/bench/corpus"
	"waybill/bench/figure"
	"waybill/internal/insights"
	"waybill/internal/logs"
)

func main() {
	data := flag.String("data", "", "folder of the corpus")
	events := flag.Int("events", 10_000_000, "how many events the corpus has")
	runs := flag.Int("runs", 15, "how often each question is asked")
	only := flag.String("only", "", "only the questions whose name holds this")
	explain := flag.Bool("explain", false, "print how each was answered")
	profile := flag.String("profile", "", "write a CPU profile of Waybill's answers to this file")
	flag.Parse()
	if err := run(*data, *events, *runs, *only, *explain, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "insights:", err)
		os.Exit(1)
	}
}

func run(folder string, events, runs int, only string, explain bool, profile string) error {
	list := slices.DeleteFunc(questions(corpus.Default(events)), func(q question) bool { return !strings.Contains(q.name, only) })
	waybill, err := askWaybill(folder, events, runs, list, explain, profile)
	if err != nil {
		return err
	}
	bare, err := askEngine(folder, events, runs, list)
	if err != nil {
		return err
	}
	fmt.Printf("\n%-34s %9s %9s %9s %7s   %9s %9s %9s %7s\n", "", "Waybill", "p95", "CPU", "rows", "engine", "p95", "CPU", "rows")
	for i, q := range list {
		beside := ""
		if bare[i] != nil {
			beside = bare[i].String()
		}
		fmt.Printf("%-34s %s   %s\n", q.name, waybill[i], beside)
	}
	return nil
}

// cpu is the time that this process has had of all cores.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func askWaybill(folder string, events, runs int, list []question, explain bool, profile string) ([]*figure.Figure, error) {
	ctx := context.Background()
	c := corpus.Default(events)
	data, err := corpus.Open(ctx, folder, c)
	if err != nil {
		return nil, err
	}
	defer data.Close()
	s, err := insights.Open(ctx, insights.Config{Logs: data.Service, Logger: slog.Default()})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, err
		}
		defer pprof.StopCPUProfile()
	}
	var figures []*figure.Figure
	for _, q := range list {
		var last insights.Answer
		f, err := figure.Measure(runs, cpu, func() (int, error) {
			last, err = ask(ctx, s, c, q.text)
			return len(last.Rows), err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		if explain {
			fmt.Printf("%s\n%s\n%s\n", q.name, q.text, last.Plan)
		}
		figures = append(figures, f)
		fmt.Printf("waybill %-34s %s\n", q.name, f)
	}
	return figures, nil
}

// ask asks Waybill about the whole corpus.
func ask(ctx context.Context, s *insights.Service, c corpus.Config, text string) (insights.Answer, error) {
	a, err := s.Ask(ctx, insights.Request{
		Scope: corpus.Scope, Groups: []logs.GroupName{{Scope: corpus.Scope, Name: corpus.Group}},
		Start: c.Start.UnixMilli(), End: c.Start.Add(c.Span).UnixMilli(), Text: text,
	})
	if err == nil && a.Status != insights.Complete {
		err = fmt.Errorf("%s %s", a.Status, a.Reason)
	}
	return a, err
}

// askEngine asks the library itself, over the files that the log service has
// closed by now.
func askEngine(folder string, events, runs int, list []question) ([]*figure.Figure, error) {
	c := corpus.Default(events)
	s := openEngine(folder)
	defer s.MustClose()
	tenants, err := s.GetTenantIDs(context.Background(), c.Start.UnixNano(), c.Start.Add(c.Span).UnixNano())
	if err != nil {
		return nil, err
	}
	figures := make([]*figure.Figure, len(list))
	for i, question := range list {
		if question.bare == "" {
			continue
		}
		figures[i], err = figure.Measure(runs, cpu, func() (int, error) { return askBare(s, tenants, c, question.bare) })
		if err != nil {
			return nil, fmt.Errorf("%s on the engine: %w", question.name, err)
		}
		fmt.Printf("engine  %-34s %s\n", question.name, figures[i])
	}
	return figures, nil
}

func openEngine(folder string) *logstorage.Storage {
	return logstorage.MustOpenStorage(filepath.Join(folder, "logs", "storage"), &logstorage.StorageConfig{
		Retention: 100 * 365 * 24 * time.Hour, FutureRetention: 100 * 365 * 24 * time.Hour, FlushInterval: 5 * time.Second,
	})
}

// askBare asks the engine about the whole corpus and counts the rows.
func askBare(s *logstorage.Storage, tenants []logstorage.TenantID, c corpus.Config, text string) (int, error) {
	q, err := logstorage.ParseQueryAtTimestamp(text, c.Start.Add(c.Span).UnixNano())
	if err != nil {
		return 0, err
	}
	q.AddTimeFilter(c.Start.UnixNano(), c.Start.Add(c.Span).UnixNano())
	var stats logstorage.QueryStats
	rows := make([]int, 1024) // by worker
	err = s.RunQuery(logstorage.NewQueryContext(context.Background(), &stats, tenants, q, false, nil),
		func(worker uint, b *logstorage.DataBlock) { rows[worker] += b.RowsCount() })
	sum := 0
	for _, n := range rows {
		sum += n
	}
	return sum, err
}
