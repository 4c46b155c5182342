package iam

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"waybill/internal/awserr"
)

// The cost of a password hash: the second set of parameters that OWASP's
// password storage cheat sheet gives for argon2id.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32
)

const (
	// maxHashing computations run at once, so that sign-ins cannot take all
	// processors and memory; maxWaiting more may wait.
	maxHashing = 2
	maxWaiting = 32
	// minPassword and maxPassword are the lengths that IAM's password policy can demand.
	minPassword = 8
	maxPassword = 128
)

// hashPassword returns the argon2id hash in PHC string form.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

// verifyPassword compares in constant time. An empty hash is compared with a
// password that nobody has, at the same cost.
func verifyPassword(hash, password string) (bool, error) {
	if hash == "" {
		argon2.IDKey([]byte(password), make([]byte, argonSalt), argonTime, argonMemory, argonThreads, argonKey)
		return false, nil
	}
	var version, memory, time, threads uint32
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("the stored password hash is no argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil {
		return false, fmt.Errorf("read the stored password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read the stored password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || version != argon2.Version || time == 0 || threads == 0 || threads > 255 || len(want) == 0 {
		return false, errors.New("the stored password hash has parameters that this version does not know")
	}
	got := argon2.IDKey([]byte(password), salt, time, memory, uint8(threads), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// hashQueue bounds how many hashes are computed and how many callers wait.
type hashQueue struct{ running, waiting chan struct{} }

func newHashQueue() hashQueue {
	return hashQueue{make(chan struct{}, maxHashing), make(chan struct{}, maxWaiting)}
}

// run computes when it is its turn. It is Throttling if too many wait already.
func (q hashQueue) run(ctx context.Context, compute func()) error {
	select {
	case q.waiting <- struct{}{}:
	default:
		return awserr.New(CodeThrottling, "Too many sign-ins at once. Try again in a moment.")
	}
	defer func() { <-q.waiting }()
	select {
	case q.running <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-q.running }()
	compute()
	return nil
}
