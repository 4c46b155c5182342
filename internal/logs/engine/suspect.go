package engine

import (
	"os"
	"path/filepath"
)

// Suspect leaves word, for the next Open of the engine in the folder path, that
// the library gave up and why. Open then looks closely at the parts.
func Suspect(path, reason string) error {
	return os.WriteFile(suspectFile(path), []byte(reason+"\n"), 0o600)
}

func suspectFile(path string) string { return filepath.Join(path, "suspect") }
