package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// Mail that is delivered while the data folder's disk is full, and what was
// read before, is told of once each when there is room again.
func TestMailGoesOnWhileTheDiskIsFull(t *testing.T) {
	d := newDisk(t)
	s := newServer(t, filepath.Join(d.mount, "data"))
	log := filepath.Join(t.TempDir(), "mail.log") // on another disk, as /var/log may be
	appendLine(t, log, "")
	config := fmt.Sprintf("checkpoint_seconds = 0.2\n[[organization]]\nalias = \"example\"\ndomains = [\"example.com\"]\nevent_logging = \"default\"\n"+
		"[[source]]\norganization = \"example\"\ntype = \"postfix\"\nlog = %q\n", log)
	if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	client := s.client(t)
	const each = 20
	deliver(t, log, "before", each)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pause(ctx, time.Duration(rand.IntN(300))*time.Millisecond)
	d.fail(full)
	deliver(t, log, "during", each)
	pause(ctx, 2*time.Second) // long enough for every part to try, and fail
	if !s.running() {
		t.Fatalf("the server ended: %v", s.cmd.ProcessState)
	}
	d.fail(healthy)
	deliver(t, log, "after", each)
	for {
		counts := deliveries(ctx, client)
		if ctx.Err() != nil {
			t.Fatalf("deliveries told of: %v", counts)
		}
		if len(counts) == 3*each {
			for id, n := range counts {
				if n != 1 {
					t.Errorf("%s is told of %d times", id, n)
				}
			}
			return
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// deliver has Postfix log so many messages to bob@example.com.
func deliver(t *testing.T, log, name string, n int) {
	t.Helper()
	for i := range n {
		id := fmt.Sprintf("4ABC%X%02X", name[0], i)
		for _, line := range []string{
			"smtpd[11]: " + id + ": client=mx.sender.test[192.0.2.1]",
			fmt.Sprintf("cleanup[12]: %s: message-id=<%s-%d@sender.test>", id, name, i),
			"qmgr[13]: " + id + ": from=<alice@sender.test>, size=500, nrcpt=1 (queue active)",
			"local[14]: " + id + ": to=<bob@example.com>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)",
			"qmgr[13]: " + id + ": removed",
		} {
			appendLine(t, log, time.Now().Format("2006-01-02T15:04:05.000000-07:00")+" mx postfix/"+line+"\n")
		}
	}
}

func appendLine(t *testing.T, name, line string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(line); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// deliveries counts the ORGANIZATION_EMAIL_RECEIVED events by message.
func deliveries(ctx context.Context, client *cloudwatchlogs.Client) map[string]int {
	counts := map[string]int{}
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/workmail/emailevents/example"), FilterPattern: aws.String("ORGANIZATION_EMAIL_RECEIVED")}
	for {
		out, err := client.FilterLogEvents(ctx, in)
		if err != nil {
			return counts
		}
		for _, e := range out.Events {
			_, rest, _ := strings.Cut(*e.Message, `"messageId":"`)
			id, _, _ := strings.Cut(rest, `"`)
			counts[id]++
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return counts
		}
	}
}
