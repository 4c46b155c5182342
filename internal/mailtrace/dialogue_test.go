package mailtrace

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waybill/internal/capture/dovecot"
	"waybill/internal/capture/logline"
	"waybill/internal/capture/postfix"
	"waybill/internal/evidence"
)

// TestDialogues plays testdata/dialogue/*.txt. A file is blocks of commands,
// "----" and what they publish; blank lines part the blocks.
//
//	config milter dovecot journal=A servers   what is configured; starts anew
//	postfix 22:00:01 smtpd[1]: QID: ...       a line of Postfix's log
//	other 22:00:01 smtpd[1]: QID: ...         the same of a second mail server
//	dovecot 22:00:01 lmtp(user)<1><S>: Info: ...
//	event 22:00:01 {...}                      an event exported by Dovecot
//	milter 22:00:00 22:00:01 {...}            evidence.Transaction from MAIL to end
//	advance 30s                               processing time goes on by itself
//	restart                                   store the rows, restore a new machine
//	show                                      prints what was published since
//	stats                                     prints the counters
//
// Processing time is that of the lines, and never goes back.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogue/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, restart := range []bool{false, true} {
				d := &dialogue{t: t, restartAlways: restart}
				var out strings.Builder
				for i, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
					if i > 0 {
						out.WriteString("\n")
					}
					commands, _, _ := strings.Cut(block+"\n", "----\n")
					out.WriteString(commands)
					if shown := d.play(commands); shown != "" {
						out.WriteString("----\n" + shown)
					}
				}
				if restart && *update {
					continue
				}
				golden(t, file, []byte(out.String()))
			}
		})
	}
}

type dialogue struct {
	t             *testing.T
	restartAlways bool
	s             *store
	now           time.Time
	shown         int
	traces        numbering
}

func (d *dialogue) play(commands string) string {
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(commands), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "#":
		case "config":
			d.config(rest)
		case "postfix", "other":
			at, text, _ := strings.Cut(rest, " ")
			d.feed(word, postfix.Parse, "Nov 23 "+at+" mx postfix/"+text)
		case "dovecot":
			d.feed(word, dovecot.Parse, "2026-11-23 "+rest)
		case "event":
			at, text, _ := strings.Cut(rest, " ")
			d.feed("dovecot", dovecot.Parse, "2026-11-23 "+at+" stats: Info: "+text)
		case "milter":
			d.milter(rest)
		case "advance":
			wait, err := time.ParseDuration(rest)
			if err != nil {
				d.t.Fatal(err)
			}
			d.now = d.now.Add(wait)
			d.s.m.Advance(d.now)
		case "restart":
			d.s.restart()
		case "show":
			out.WriteString(d.show())
		case "stats":
			fmt.Fprintf(&out, "%+v\n", d.s.m.Stats())
		default:
			d.t.Fatalf("unknown command %q", line)
		}
		if d.restartAlways && word != "stats" && word != "#" {
			before := d.s.m.stats
			d.s.restart()
			if got := d.s.m.stats; got.Open != before.Open || got.Waiting != before.Waiting {
				d.t.Errorf("restored %d open and %d waiting rows, had %d and %d", got.Open, got.Waiting, before.Open, before.Waiting)
			}
			d.s.m.stats = before // the other counters are since the start
		}
	}
	return out.String()
}

func (d *dialogue) config(words string) {
	cfg := Config{OrganizationID: testOrg, Domains: []string{"example.com"}}
	for _, w := range strings.Fields(words) {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "milter":
			cfg.HasMilter = true
		case "dovecot":
			cfg.HasDovecot = true
		case "journal":
			cfg.JournalAddresses = []string{value}
		case "authserv":
			cfg.AuthservIDs = []string{value}
		case "servers":
			cfg.Servers = map[string]string{"postfix": "mx1", "milter": "mx1", "other": "mx2"}
		default:
			d.t.Fatalf("unknown configuration %q", w)
		}
	}
	d.s, d.shown, d.traces = newStore(d.t, cfg), 0, numbering{}
}

func (d *dialogue) feed(source string, parse lineParser, line string) {
	records, outcome := parse(line, recordedClock, nil)
	if outcome != logline.Evidence {
		d.t.Fatalf("no evidence but %s in %q", outcome, line)
	}
	for _, r := range records {
		r.Source = source
		d.apply(r)
	}
}

func (d *dialogue) apply(r evidence.Record) {
	if r.Time.After(d.now) {
		d.now = r.Time
	}
	d.s.m.Apply(d.now, r)
}

func (d *dialogue) milter(rest string) {
	words := strings.SplitN(rest, " ", 3)
	at := func(s string) time.Time {
		tm, err := time.Parse("2006-01-02 15:04:05", "2026-11-23 "+s)
		if err != nil {
			d.t.Fatal(err)
		}
		return tm
	}
	tx := evidence.Transaction{Complete: true, Received: at(words[0]), Ended: at(words[1])}
	if err := json.Unmarshal([]byte(words[2]), &tx); err != nil {
		d.t.Fatal(err)
	}
	d.apply(evidence.Record{Source: "milter", Host: "mx.example.com", Time: tx.Ended, Fact: tx})
}

// show prints events as "TIME TRACE BODY", traces numbered as they appear.
func (d *dialogue) show() string {
	d.s.commit()
	check(d.t, d.s.events)
	var out strings.Builder
	for _, e := range d.s.events[d.shown:] {
		out.WriteString(d.traces.short(d.t, e))
	}
	d.shown = len(d.s.events)
	if out.Len() == 0 {
		return "nothing\n"
	}
	return out.String()
}
