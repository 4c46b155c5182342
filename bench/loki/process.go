package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// process is Loki's, seen through /proc.
type process int

// tick is the unit of CPU time in /proc, on all Linux that Go runs on.
const tick = 10 * time.Millisecond

// cpu is the time that the process has had of all cores, 0 if it cannot be known.
func (p process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0
	}
	// After the name, which is in brackets: utime and stime are fields 14 and 15.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}

// memory returns the lines of resident memory, now and at most.
func (p process) memory() string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return err.Error()
	}
	var list []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") {
			list = append(list, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(list, ", ")
}
