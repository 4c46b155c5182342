// Command insights measures Logs Insights on the corpus of bench/corpus: each of
// the WorkMail guide's questions, and a few more, first through Waybill and then,
// where it can say the same, through the bare log engine on the same files.
//
//	go run ./bench/insights -data FOLDER [-events 10000000] [-runs 15] [-only NAME] [-explain] [-profile FILE]
//
// Both are asked by turns. It prints the median and the 95th percentile of the runs in milliseconds, after
// one run that is not counted, and the mean of what a run took of all cores, which
// is what to compare on a machine that has other work. A question that takes long is asked three times. FOLDER is filled if it is empty.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/pprof"
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
	profile := flag.String("profile", "", "write a CPU profile to this file")
	flag.Parse()
	if err := run(*data, *events, *runs, *only, *explain, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "insights:", err)
		os.Exit(1)
	}
}

func run(folder string, events, runs int, only string, explain bool, profile string) error {
	ctx, c := context.Background(), corpus.Default(events)
	bare, err := openBare(ctx, folder, c)
	if err != nil {
		return err
	}
	defer bare.close()
	data, err := corpus.Open(ctx, folder, c)
	if err != nil {
		return err
	}
	defer data.Close()
	s, err := insights.Open(ctx, insights.Config{Logs: data.Service, Logger: slog.Default()})
	if err != nil {
		return err
	}
	defer s.Close()
	stop, err := profileTo(profile)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Printf("%-34s %9s %9s %9s %7s   %9s %9s %9s %7s\n", "", "Waybill", "p95", "CPU", "rows", "engine", "p95", "CPU", "rows")
	for _, q := range questions(c) {
		if !strings.Contains(q.name, only) {
			continue
		}
		var plan string
		asks := []func() (int, error){func() (int, error) {
			a, err := ask(ctx, s, c, q.text)
			plan = a.Plan
			return len(a.Rows), err
		}}
		if q.bare != "" {
			asks = append(asks, func() (int, error) { return askBare(bare.storage, bare.tenants, c, q.bare) })
		}
		figures, err := figure.Beside(runs, cpu, asks...)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		if explain {
			fmt.Printf("%s\n%s\n", q.text, plan)
		}
		beside := ""
		if len(figures) > 1 {
			beside = figures[1].String()
		}
		fmt.Printf("%-34s %s   %s\n", q.name, figures[0], beside)
	}
	return nil
}

// profileTo begins a CPU profile, if file is not empty.
func profileTo(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

// cpu is the time that this process has had of all cores.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
