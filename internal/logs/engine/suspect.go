package engine

import (
	"os"
	"path/filepath"
	"regexp"
)

// The file "suspect" in the engine's folder has what the process said when the
// library ended it. Open then reads every part in a process of its own before it
// lets the library have it.

// SuspectFile is that file of the engine in the folder path; a crash's own
// output may go there too.
func SuspectFile(path string) string { return filepath.Join(path, "suspect") }

// Suspect leaves word, for the next Open of the engine in the folder path, that
// the library gave up and why.
func Suspect(path, reason string) error {
	return os.WriteFile(SuspectFile(path), []byte(reason+"\n"), 0o600)
}

// ofTheLibrary finds the library in a stack trace or a reason of its own, and
// ofTheDisk reasons that say nothing of what is on the disk.
var (
	ofTheLibrary = regexp.MustCompile(`FATAL:|BUG:|lib/(logstorage|mergeset|encoding|fs|filestream|blockcache)`)
	ofTheDisk    = regexp.MustCompile(`no space left on device|read-only file system|cannot (sync|flush|write|create|fsync|link)`)
)

// suspected reports whether the library ended a process because of what it read.
func suspected(path string) (reason string, suspicious bool) {
	text, err := os.ReadFile(SuspectFile(path))
	if err != nil || len(text) == 0 {
		return "", false
	}
	reason = string(text[:min(len(text), 1000)])
	return reason, ofTheLibrary.Match(text) && !ofTheDisk.Match(text)
}

// forgive forgets the reason. The file stays: a crash's output may be bound to it.
func forgive(path string) { _ = os.Truncate(SuspectFile(path), 0) }
