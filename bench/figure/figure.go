// Package figure is how the benchmarks that ask questions measure: the same way
// for each program that is asked.
package figure

import (
	"fmt"
	"slices"
	"time"
)

// Figure is what one question took, and how many rows came.
type Figure struct {
	// Took is how long each run took.
	Took []time.Duration
	// CPU is what all runs together took of all cores.
	CPU time.Duration
	// Rows is how many came with the last run.
	Rows int
}

// String returns median, 95th percentile and mean CPU in milliseconds, and the rows.
func (f *Figure) String() string {
	slices.Sort(f.Took)
	at := func(share float64) float64 {
		return float64(f.Took[min(len(f.Took)-1, int(share*float64(len(f.Took))))].Microseconds()) / 1000
	}
	return fmt.Sprintf("%9.1f %9.1f %9.1f %7d", at(0.5), at(0.95), float64(f.CPU.Microseconds())/1000/float64(len(f.Took)), f.Rows)
}

// enough is how long the runs of one question go on, if there were three.
const enough = 3 * time.Second

// Measure asks once without counting it, then runs times, or three times if that
// takes long. cpu is the time that who is asked has had of all cores.
func Measure(runs int, cpu func() time.Duration, ask func() (rows int, err error)) (*Figure, error) {
	list, err := Beside(runs, cpu, ask)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Beside is Measure for several, asked by turns: a machine that other work slows
// down for a while slows them all down.
func Beside(runs int, cpu func() time.Duration, asks ...func() (rows int, err error)) ([]*Figure, error) {
	list := make([]*Figure, len(asks))
	for i := range list {
		list[i] = &Figure{}
	}
	began := time.Now()
	for run := range runs + 1 {
		if run > 3 && time.Since(began) > time.Duration(len(asks))*enough {
			break
		}
		for i, ask := range asks {
			start, before := time.Now(), cpu()
			rows, err := ask()
			if err != nil {
				return nil, err
			}
			if run > 0 {
				list[i].Took = append(list[i].Took, time.Since(start))
				list[i].CPU += cpu() - before
			}
			list[i].Rows = rows
		}
	}
	return list, nil
}
