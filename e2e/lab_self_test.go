package e2e

import (
	"strings"
	"testing"
)

// TestLab proves the lab itself: mail flows in, out and bounces although nobody
// listens where Postfix looks for the milter (milter_default_action = accept).
func TestLab(t *testing.T) {
	l := startLab(t)
	l.send(t, message{from: "s@sender.test", to: []string{"alice@example.com"}, subject: "in", id: "<lab1@sender.test>", body: "x"})
	l.send(t, message{from: "alice@example.com", to: []string{"o@accepts.test"}, subject: "out", id: "<lab2@example.com>", body: "x", user: "alice@example.com"})
	dialogue := l.send(t, message{from: "s@sender.test", to: []string{"nobody@example.com"}, subject: "no", id: "<lab3@sender.test>", body: "x"})
	if !strings.Contains(dialogue, "550 5.1.1") {
		t.Errorf("an unknown user was not refused:\n%s", dialogue)
	}
	eventually(t, "delivery in and out", func() (bool, string) {
		log := readFile(l.path("log/dovecot.log"))
		return strings.Contains(log, "save: box=INBOX") && l.outside.got("o@accepts.test") && l.queueIsEmpty(t), log
	})
}
