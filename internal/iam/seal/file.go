package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var keyLine = regexp.MustCompile(`^([0-9a-f]{8}) ([A-Za-z0-9+/]{43}=)$`)

// OpenFile reads the key file at path, and creates it with one new key and mode
// 0600 if it is missing. A file that others than its owner may access is
// refused. Errors name the path and never the contents.
func OpenFile(path string) (*Keyring, error) {
	k, err := readFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := createFile(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create key file %s: %w", path, err)
	}
	return readFile(path)
}

func readFile(path string) (*Keyring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read key file %s: it is no regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("read key file %s: its mode is %04o, but only its owner may access it (chmod 600 %s)", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	k, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	return k, nil
}

func parse(text string) (*Keyring, error) {
	k := &Keyring{ciphers: map[string]cipher.AEAD{}}
	seen := map[string]bool{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		m := keyLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			return nil, fmt.Errorf("line %d is not a key id and a key", number)
		}
		secret, err := base64.StdEncoding.DecodeString(m[2])
		if err != nil {
			return nil, fmt.Errorf("line %d is not a key id and a key", number)
		}
		if seen[m[1]] {
			return nil, fmt.Errorf("line %d has the key id of an earlier line", number)
		}
		seen[m[1]] = true
		k.keys = append(k.keys, key{m[1], secret})
	}
	if len(k.keys) == 0 {
		return nil, errors.New("it is empty")
	}
	return k, nil
}

// createFile writes a new key beside path, makes it durable, and only then
// gives it its name, without replacing a file that is there by now.
func createFile(path string) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if _, err := f.WriteString(newLine()); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func newLine() string {
	var id [4]byte
	var secret [keySize]byte
	rand.Read(id[:]) // never fails
	rand.Read(secret[:])
	return hex.EncodeToString(id[:]) + " " + base64.StdEncoding.EncodeToString(secret[:]) + "\n"
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
