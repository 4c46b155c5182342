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

// figure is what one question took, and how many rows came.
type figure struct {
	took []time.Duration
	// cpu is what all runs together took of all cores.
	cpu  time.Duration
	rows int
}

func (f *figure) String() string {
	slices.Sort(f.took)
	at := func(share float64) float64 {
		return float64(f.took[min(len(f.took)-1, int(share*float64(len(f.took))))].Microseconds()) / 1000
	}
	return fmt.Sprintf("%9.1f %9.1f %9.1f %7d", at(0.5), at(0.95), float64(f.cpu.Microseconds())/1000/float64(len(f.took)), f.rows)
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

// enough is how long the runs of one question go on, if there were three.
const enough = 3 * time.Second

func measure(runs int, ask func() (rows int, err error)) (*figure, error) {
	f := &figure{}
	began := time.Now()
	for i := range runs + 1 {
		if i > 3 && time.Since(began) > enough {
			break
		}
		start, before := time.Now(), cpu()
		rows, err := ask()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			f.took = append(f.took, time.Since(start))
			f.cpu += cpu() - before
		}
		f.rows = rows
	}
	return f, nil
}

// cpu is the time that this process has had of all cores.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func askWaybill(folder string, events, runs int, list []question, explain bool, profile string) ([]*figure, error) {
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
	var figures []*figure
	for _, q := range list {
		var last insights.Answer
		f, err := measure(runs, func() (int, error) {
			last, err = s.Ask(ctx, insights.Request{
				Scope: corpus.Scope, Groups: []logs.GroupName{{Scope: corpus.Scope, Name: corpus.Group}},
				Start: c.Start.UnixMilli(), End: c.Start.Add(c.Span).UnixMilli(), Text: q.text,
			})
			if err == nil && last.Status != insights.Complete {
				err = fmt.Errorf("%s: %s %s", q.name, last.Status, last.Reason)
			}
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

// askEngine asks the library itself, over the files that the log service has
// closed by now.
func askEngine(folder string, events, runs int, list []question) ([]*figure, error) {
	c := corpus.Default(events)
	s := logstorage.MustOpenStorage(filepath.Join(folder, "logs", "storage"), &logstorage.StorageConfig{
		Retention: 100 * 365 * 24 * time.Hour, FutureRetention: 100 * 365 * 24 * time.Hour, FlushInterval: 5 * time.Second,
	})
	defer s.MustClose()
	tenants, err := s.GetTenantIDs(context.Background(), c.Start.UnixNano(), c.Start.Add(c.Span).UnixNano())
	if err != nil {
		return nil, err
	}
	figures := make([]*figure, len(list))
	for i, question := range list {
		if question.bare == "" {
			continue
		}
		figures[i], err = measure(runs, func() (int, error) {
			q, err := logstorage.ParseQueryAtTimestamp(question.bare, c.Start.Add(c.Span).UnixNano())
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
		})
		if err != nil {
			return nil, fmt.Errorf("%s on the engine: %w", question.name, err)
		}
		fmt.Printf("engine  %-34s %s\n", question.name, figures[i])
	}
	return figures, nil
}
