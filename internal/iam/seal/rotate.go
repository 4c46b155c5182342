package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// Create makes a key file with one new key and mode 0600. A file that is there
// already is an error.
func Create(path string) error {
	err := createFile(path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("create key file %s: it exists already", path)
	}
	if err != nil {
		return fmt.Errorf("create key file %s: %w", path, err)
	}
	return nil
}

// AddKey puts a new key on top of the file at path, which seals from then on,
// and returns a keyring of all. If the rotation before this one was not
// finished, its new key is taken instead.
func AddKey(path string) (*Keyring, error) {
	k, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	if k.rotating() {
		return k, nil
	}
	if err := replaceFile(path, append([]key{newKey()}, k.keys...)); err != nil {
		return nil, fmt.Errorf("add a key to %s: %w", path, err)
	}
	return ReadFile(path)
}

// rotating reports whether an older key has not been retired.
func (k *Keyring) rotating() bool {
	return slices.ContainsFunc(k.keys[1:], func(k key) bool { return k.until.IsZero() })
}

// Retire lets all keys but the first one open until a time, and takes those
// away whose time has come by now. Nothing that is kept may be sealed with
// them any more.
func Retire(path string, now, until time.Time) error {
	k, err := ReadFile(path)
	if err != nil {
		return err
	}
	kept := k.keys[:1]
	for _, old := range k.keys[1:] {
		if old.until.IsZero() || until.Before(old.until) {
			old.until = until
		}
		if old.opens(now) {
			kept = append(kept, old)
		}
	}
	if err := replaceFile(path, kept); err != nil {
		return fmt.Errorf("retire the old keys of %s: %w", path, err)
	}
	return nil
}
