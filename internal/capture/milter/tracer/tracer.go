// Package tracer replays recorded milter callbacks, one JSON object a line,
// through the milter's assembler. Tests of correlation use it: the recorded
// scenarios hold what two milters of a real Postfix saw.
package tracer

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"waybill/internal/capture/milter"
	"waybill/internal/evidence"
)

// Day is the day on which the scenarios were recorded, UTC; the lines have only
// the time of day.
const Day = "2026-11-23"

// call is one recorded callback.
type call struct {
	Tag    string            `json:"tag"`
	Conn   int               `json:"conn"`
	Time   string            `json:"t"`
	Stage  string            `json:"stage"`
	Macros map[string]string `json:"macros"`
	Host   string            `json:"host"`
	Addr   string            `json:"addr"`
	From   string            `json:"from"`
	To     string            `json:"to"`
	Args   string            `json:"args"`
	Name   string            `json:"name"`
	Value  string            `json:"value"`
}

// connection identifies one milter connection: "smtpd" and "nonsmtpd" are two
// milters that count their connections separately.
type connection struct {
	tag  string
	conn int
}

// Replay returns the transactions of recorded lines in the order in which they
// ended. Records have no Source.
func Replay(lines []string) ([]evidence.Record, error) {
	var records []evidence.Record
	open := map[connection]*milter.Assembler{}
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		var c call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			return nil, fmt.Errorf("replay tracer line %d: %w", i+1, err)
		}
		at, err := time.Parse("2006-01-02 15:04:05.999999", Day+" "+c.Time)
		if err != nil {
			return nil, fmt.Errorf("replay tracer line %d: %w", i+1, err)
		}
		key := connection{c.Tag, c.Conn}
		a := open[key]
		if a == nil {
			a = &milter.Assembler{Emit: func(host string, tx evidence.Transaction) {
				records = append(records, evidence.Record{Host: host, Time: tx.Ended, Fact: tx})
			}}
			open[key] = a
		}
		if err := c.replay(a, at); err != nil {
			return nil, fmt.Errorf("replay tracer line %d: %w", i+1, err)
		}
	}
	return records, nil
}

func (c *call) replay(a *milter.Assembler, at time.Time) error {
	macros := func(name string) string { return c.Macros[name] }
	switch c.Stage {
	case "NEGOTIATED", "HELO":
	case "CONNECT":
		a.Connect(c.Host, c.Addr, macros)
	case "MAIL":
		a.Mail(at, c.From, c.Args, macros)
	case "RCPT":
		a.Rcpt(c.To, macros)
	case "DATA":
		a.Data(macros)
	case "HEADER":
		a.Header(c.Name, c.Value)
	case "EOH":
		a.EndOfHeader(macros)
	case "EOM":
		a.EndOfMessage(at, macros)
	case "ABORT":
		a.Abort(at, macros)
	case "CLEANUP":
		a.Close(at)
	default:
		return fmt.Errorf("unknown stage %q", c.Stage)
	}
	return nil
}
