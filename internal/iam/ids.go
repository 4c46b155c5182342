package iam

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
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
