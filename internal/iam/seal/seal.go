// Package seal keeps secrets unreadable outside the process: AES-256-GCM under
// keys of a file that stands beside the database, not in it.
//
// The key file is text, one key a line: a key id and 32 bytes in base64. The
// first line seals; every line opens, a retired one until the time that stands
// on it. A key is rotated in three steps, each of which leaves a file that opens
// everything: AddKey puts a new line on top; the owner of the database seals
// anew what is stored; Retire marks the older lines. Each purpose
// ("access-key", "session-token") has a key of its own, derived by HKDF-SHA256
// (RFC 5869), so that what was sealed for one purpose never opens for another.
//
// A sealed value is "v1.KEYID.BASE64URL(nonce || ciphertext || tag)".
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	format  = "v1"
	keySize = 32
)

// ErrNotSealed is wrapped by Open for a value that this keyring did not seal
// for that purpose and context, or that was changed since.
var ErrNotSealed = errors.New("not sealed by a key of this keyring")

// Keyring seals and opens. It is safe for concurrent use.
type Keyring struct {
	keys []key // the first seals

	mu      sync.Mutex
	ciphers map[string]cipher.AEAD // by key id and purpose; guarded by mu
}

type key struct {
	id     string
	secret []byte
	until  time.Time // zero: not retired
}

// opens reports whether the key still opens.
func (k key) opens(now time.Time) bool { return k.until.IsZero() || now.Before(k.until) }

// Seal returns plain sealed for a purpose. context is bound in without being
// contained: Open needs the same, so a value cannot be moved to another row.
func (k *Keyring) Seal(purpose, context string, plain []byte) (string, error) {
	first := k.keys[0]
	aead, err := k.cipher(first, purpose)
	if err != nil {
		return "", fmt.Errorf("seal for %s: %w", purpose, err)
	}
	// This AEAD puts a random nonce before the ciphertext.
	box := aead.Seal(nil, nil, plain, []byte(context))
	return format + "." + first.id + "." + base64.RawURLEncoding.EncodeToString(box), nil
}

// Open returns what was sealed; any other value is ErrNotSealed.
func (k *Keyring) Open(purpose, context, sealed string) ([]byte, error) {
	version, rest, _ := strings.Cut(sealed, ".")
	id, text, _ := strings.Cut(rest, ".")
	box, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || version != format {
		return nil, fmt.Errorf("open what was sealed for %s: malformed: %w", purpose, ErrNotSealed)
	}
	for _, candidate := range k.keys {
		if candidate.id != id || !candidate.opens(time.Now()) {
			continue
		}
		aead, err := k.cipher(candidate, purpose)
		if err != nil {
			return nil, fmt.Errorf("open what was sealed for %s: %w", purpose, err)
		}
		plain, err := aead.Open(nil, nil, box, []byte(context))
		if err != nil {
			return nil, fmt.Errorf("open what was sealed for %s: %w", purpose, ErrNotSealed)
		}
		return plain, nil
	}
	return nil, fmt.Errorf("open what was sealed for %s: unknown key id: %w", purpose, ErrNotSealed)
}

func (k *Keyring) cipher(of key, purpose string) (cipher.AEAD, error) {
	name := of.id + "/" + purpose
	k.mu.Lock()
	defer k.mu.Unlock()
	if aead, ok := k.ciphers[name]; ok {
		return aead, nil
	}
	derived, err := hkdf.Key(sha256.New, of.secret, nil, "waybill seal "+format+" "+purpose, keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	k.ciphers[name] = aead
	return aead, nil
}

// SealsWith returns the id of the key that seals.
func (k *Keyring) SealsWith() string { return k.keys[0].id }

// KeyOf returns the id of the key that a value was sealed with, whether this
// keyring has it or not; empty for what is no sealed value.
func KeyOf(sealed string) string {
	version, rest, _ := strings.Cut(sealed, ".")
	id, _, found := strings.Cut(rest, ".")
	if version != format || !found {
		return ""
	}
	return id
}
