package iam

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// The prefixes of unique identifiers (IAM User Guide, "IAM identifiers").
const (
	prefixUser       = "AIDA"
	prefixRole       = "AROA"
	prefixGroup      = "AGPA"
	prefixPolicy     = "ANPA"
	prefixAccessKey  = "AKIA"
	prefixSessionKey = "ASIA"
)

// The lengths of identifiers after the prefix.
const (
	entityDigits = 17
	keyDigits    = 16
)

// newID returns prefix and n random characters of A-Z and 2-7.
func newID(prefix string, n int) string {
	return prefix + randomText(n)
}

// newSessionKeyID returns the access key id of a session. As in AWS it tells its
// account to GetAccessKeyInfo: bits 1 to 40 of the 80 after the prefix are the
// account's number.
func newSessionKeyID(account string) string {
	raw := make([]byte, keyDigits*5/8)
	rand.Read(raw) // never fails
	number, _ := strconv.ParseUint(account, 10, 40)
	head := uint64(raw[5]&0x7f) | number<<7 | 1<<47
	for i := range 6 {
		raw[i] = byte(head >> (8 * (5 - i)))
	}
	return prefixSessionKey + base32.StdEncoding.EncodeToString(raw)
}

// accountOfSessionKey undoes newSessionKeyID.
func accountOfSessionKey(id string) (account string, ok bool) {
	digits, isSession := strings.CutPrefix(id, prefixSessionKey)
	raw, err := base32.StdEncoding.DecodeString(digits)
	if !isSession || err != nil || len(raw) != keyDigits*5/8 {
		return "", false
	}
	var head uint64
	for _, b := range raw[:6] {
		head = head<<8 | uint64(b)
	}
	return fmt.Sprintf("%012d", head>>7&(1<<40-1)), head>>47 == 1
}

func randomText(n int) string {
	raw := make([]byte, (n*5+7)/8)
	rand.Read(raw) // never fails
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)[:n]
}

// newSecret returns a secret access key: 40 characters of base64, 240 random bits.
func newSecret() string {
	raw := make([]byte, 30)
	rand.Read(raw) // never fails
	return base64.StdEncoding.EncodeToString(raw)
}

// newPassword returns a console password that is easy to type: about 100 random
// bits in four groups. It has letters, digits and symbols, as AWS's default
// password policy wants.
func newPassword() string {
	for {
		var groups []string
		for range 4 {
			groups = append(groups, strings.ToLower(randomText(5)))
		}
		if p := strings.Join(groups, "-"); strings.ContainsAny(p, "234567") && strings.ContainsAny(p, "abcdefghijklmnopqrstuvwxyz") {
			return p
		}
	}
}
