package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Text writes a trace for a terminal, in English. Characters that could steer
// the terminal or turn the direction of the text are shown as "�": subjects and
// replies are written by strangers.
func Text(w io.Writer, t Trace) error {
	out := bufio.NewWriter(w)
	p := English()
	fmt.Fprintln(out, safe(t.Sentence(p)))
	if len(t.Steps) > 0 {
		fmt.Fprintln(out)
		writeHead(out, t)
		writeRecipients(out, t)
		writeSteps(out, p, t)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}

func writeHead(out io.Writer, t Trace) {
	for _, line := range [][2]string{
		{"Message-ID", t.MessageID}, {"From", t.From}, {"Sender", t.Sender}, {"Subject", t.Subject}, {"Trace", strings.Join(t.IDs, ", ")},
	} {
		if line[1] != "" {
			fmt.Fprintf(out, "%-11s %s\n", line[0], safe(line[1]))
		}
	}
}

func writeRecipients(out io.Writer, t Trace) {
	fmt.Fprintln(out, "\nRecipients")
	tab := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range t.Recipients {
		fmt.Fprintf(tab, "  %s\t%s\t%s\n", safe(orNone(r.Named(English()))), r.Outcome, safe(r.note()))
	}
	tab.Flush() // errors show at the buffer's own Flush
}

// note is what stands beside an outcome: where it is or why it is not there.
func (r Recipient) note() string {
	switch r.Outcome {
	case Delivered:
		return r.Folder
	case Discarded:
		return r.Rule
	case Redirected:
		return "to " + r.Target
	case Deferred:
		note := r.Why()
		if !r.Next.IsZero() {
			note += "; next attempt " + Stamp(r.Next)
		}
		return note
	case Bounced, Rejected:
		return r.Why()
	default:
		return ""
	}
}

func writeSteps(out io.Writer, p Printer, t Trace) {
	fmt.Fprintln(out, "\nEvents")
	tab := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, s := range t.Steps {
		after := ""
		if i > 0 {
			after = "+" + Span(s.After)
		}
		fmt.Fprintf(tab, "  %s\t%s\t%s\t%s\n",
			s.Event.Time().Format("2006-01-02 15:04:05.000"), after, s.Event.Name(), safe(Detail(p, s.Event)))
	}
	tab.Flush()
	fmt.Fprintln(out, "\nTimes are in UTC.")
}

func orNone(address string) string {
	if address == "" {
		return "(none named)"
	}
	return address
}

func safe(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return '�'
		}
		return r
	}, s)
}
