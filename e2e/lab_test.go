package e2e

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/template"
)

//go:embed testdata
var labFiles embed.FS

// lab is a Postfix with a Dovecot behind it and an outside world to send to.
type lab struct {
	Dir            string
	SMTPPort       int // where the world brings mail for example.com
	SubmissionPort int // where alice and bob submit, password "secret"
	LMTPPort       int
	AuthPort       int
	MilterPort     int // where Postfix looks for Waybill's milter
	OutsidePort    int // an outside server, see outside
	outside        *outside
}

// startLab lays out a scratch folder and starts both servers in it.
func startLab(t *testing.T) *lab {
	t.Helper()
	asRoot(t)
	postfix, doveconf := peer(t, "postfix", "/usr/sbin/postfix"), peer(t, "dovecot", "/usr/sbin/dovecot")
	// Not t.TempDir: its 0700 keeps the servers' own users out.
	dir, err := os.MkdirTemp("", "waybill-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keepOrRemove(t, dir) })
	l := &lab{
		Dir: dir, SMTPPort: freePort(t), SubmissionPort: freePort(t), LMTPPort: freePort(t),
		AuthPort: freePort(t), MilterPort: freePort(t),
	}
	l.outside = startOutside(t)
	l.OutsidePort = l.outside.port
	l.layOut(t)
	l.startDovecot(t, doveconf)
	l.startPostfix(t, postfix)
	return l
}

// keepOrRemove leaves the folder of a failed test for inspection.
func keepOrRemove(t *testing.T, dir string) {
	if t.Failed() {
		t.Logf("the lab's files are kept in %s", dir)
		return
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Logf("remove lab: %v", err)
	}
}

func (l *lab) path(parts ...string) string {
	return filepath.Join(append([]string{l.Dir}, parts...)...)
}

func (l *lab) layOut(t *testing.T) {
	t.Helper()
	for _, d := range []string{"log", "postfix/conf", "postfix/queue", "postfix/data", "dovecot/mail", "dovecot/run", "dovecot/state"} {
		if err := os.MkdirAll(l.path(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(l.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"testdata/postfix": "postfix/conf", "testdata/dovecot": "dovecot"} {
		if err := l.render(from, to); err != nil {
			t.Fatal(err)
		}
	}
	chown(t, l.path("dovecot/mail"), "mail")
	chown(t, l.path("postfix/data"), "postfix")
	l.sieve(t, "discard", "discard;\n")
}

// render writes the templates of one folder.
func (l *lab) render(from, to string) error {
	return fs.WalkDir(labFiles, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		tmpl, err := template.ParseFS(labFiles, name)
		if err != nil {
			return err
		}
		f, err := os.Create(l.path(to, filepath.Base(name)))
		if err != nil {
			return err
		}
		defer f.Close()
		return tmpl.Execute(f, l)
	})
}

// sieve gives a user an active Sieve script.
func (l *lab) sieve(t *testing.T, name, script string) {
	t.Helper()
	home := l.path("dovecot/mail", name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".dovecot.sieve"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	chown(t, home, "mail")
}

// chown gives a folder and what is in it to a user of the system.
func chown(t *testing.T, dir, owner string) {
	t.Helper()
	u, err := user.Lookup(owner)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	err = filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (l *lab) startDovecot(t *testing.T, dovecot string) {
	t.Helper()
	cmd := exec.Command(dovecot, "-F", "-c", l.path("dovecot/dovecot.conf"))
	startProcess(t, cmd, l.path("log/dovecot-master"))
	waitPort(t, l.LMTPPort)
	waitPort(t, l.AuthPort)
}

func (l *lab) startPostfix(t *testing.T, postfix string) {
	t.Helper()
	conf := l.path("postfix/conf")
	if out, err := exec.Command(postfix, "-c", conf, "start").CombinedOutput(); err != nil {
		t.Fatalf("postfix start: %v\n%s%s", err, out, readFile(l.path("log/mail.log")))
	}
	t.Cleanup(func() {
		if out, err := exec.Command(postfix, "-c", conf, "stop").CombinedOutput(); err != nil {
			t.Logf("postfix stop: %v\n%s", err, out)
		}
	})
	waitPort(t, l.SMTPPort)
	waitPort(t, l.SubmissionPort)
}

// message is one mail to send.
type message struct {
	from, subject, id string
	to                []string
	body              string
	user              string // submit as this user, with password "secret"
}

// send hands the message to Postfix with swaks and returns the SMTP dialogue.
// A refusal is not an error: the dialogue shows it.
func (l *lab) send(t *testing.T, m message) string {
	t.Helper()
	swaks := peer(t, "swaks")
	port := l.SMTPPort
	args := []string{"--from", m.from, "--to", strings.Join(m.to, ","), "--helo", "client.sender.test",
		"--header", "Subject: " + m.subject, "--header", "Message-Id: " + m.id, "--body", m.body + "\n"}
	if m.user != "" {
		port = l.SubmissionPort
		args = append(args, "--auth", "PLAIN", "--auth-user", m.user, "--auth-password", "secret")
	} else {
		args = append(args, "--xclient-name", "mail.sender.test", "--xclient-addr", "198.51.100.25")
	}
	args = append(args, "--server", fmt.Sprintf("127.0.0.1:%d", port))
	out, err := exec.Command(swaks, args...).CombinedOutput()
	if err != nil {
		t.Logf("swaks: %v (the dialogue tells)", err)
	}
	return string(out)
}

// queueIsEmpty asks Postfix itself.
func (l *lab) queueIsEmpty(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command(peer(t, "postqueue", "/usr/sbin/postqueue"), "-c", l.path("postfix/conf"), "-j").Output()
	if err != nil {
		t.Fatalf("postqueue -j: %v", err)
	}
	return strings.TrimSpace(string(out)) == ""
}
