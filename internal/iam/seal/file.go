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
	"time"
)

var keyLine = regexp.MustCompile(`^([0-9a-f]{8}) ([A-Za-z0-9+/]{43}=)(?: until (\S+))?$`)

// OpenFile reads the key file at path, and creates it with one new key and mode
// 0600 if it is missing. A file that others than its owner may access is
// refused. Errors name the path and never the contents.
func OpenFile(path string) (*Keyring, error) {
	k, err := ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := createFile(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create key file %s: %w", path, err)
	}
	return ReadFile(path)
}

// ReadFile is OpenFile for a file that must be there.
func ReadFile(path string) (*Keyring, error) {
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
		next := key{id: m[1], secret: secret}
		if m[3] != "" {
			if next.until, err = time.Parse(time.RFC3339, m[3]); err != nil || number == 1 {
				return nil, fmt.Errorf("line %d: the time until which the key opens is no RFC 3339 time, or stands on the first line", number)
			}
		}
		k.keys = append(k.keys, next)
	}
	if len(k.keys) == 0 {
		return nil, errors.New("it is empty")
	}
	return k, nil
}

// createFile writes a new key beside path, makes it durable, and only then
// gives it its name, without replacing a file that is there by now.
func createFile(path string) error {
	name, err := writeTemporary(path, newKey().line())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(name) }()
	if err := os.Link(name, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// replaceFile puts keys in the place of the file at path: before a crash and
// after it, one of the two is there whole.
func replaceFile(path string, keys []key) error {
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(k.line())
	}
	name, err := writeTemporary(path, text.String())
	if err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return syncDir(filepath.Dir(path))
}

// writeTemporary writes a durable file of mode 0600 beside path and returns its name.
func writeTemporary(path, text string) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func newKey() key {
	var id [4]byte
	secret := make([]byte, keySize)
	rand.Read(id[:]) // never fails
	rand.Read(secret)
	return key{id: hex.EncodeToString(id[:]), secret: secret}
}

// line is the key as it stands in the file.
func (k key) line() string {
	text := k.id + " " + base64.StdEncoding.EncodeToString(k.secret)
	if !k.until.IsZero() {
		text += " until " + k.until.UTC().Format(time.RFC3339)
	}
	return text + "\n"
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
