package iam

import (
	"crypto/sha256"
	"sync"

	"waybill/internal/iam/policy"
)

// maxDocuments bounds the cache. Beyond it the cache starts anew, which costs
// parsing again and nothing else.
const maxDocuments = 1024

// documentCache keeps parsed policy documents by their text: parsing costs
// more than a decision, and the same few documents decide every call.
type documentCache struct {
	mu     sync.Mutex
	parsed map[documentKey]*policy.Document // guarded by mu
}

type documentKey struct {
	kind policy.Kind
	sum  [sha256.Size]byte
}

// parse returns the document; its error is that of policy.Parse.
func (c *documentCache) parse(kind policy.Kind, text string) (*policy.Document, error) {
	key := documentKey{kind, sha256.Sum256([]byte(text))}
	c.mu.Lock()
	doc := c.parsed[key]
	c.mu.Unlock()
	if doc != nil {
		return doc, nil
	}
	doc, err := policy.Parse(kind, []byte(text))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parsed == nil || len(c.parsed) >= maxDocuments {
		c.parsed = make(map[documentKey]*policy.Document)
	}
	c.parsed[key] = doc
	return doc, nil
}
