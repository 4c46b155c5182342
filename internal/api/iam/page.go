package iamapi

import (
	"encoding/base64"
	"sort"

	"waybill/internal/awserr"
	"waybill/internal/iam"
)

// The page sizes of IAM's lists (IAM API reference, MaxItems).
const (
	defaultItems = 100
	maxItems     = 1000
)

// Page is what every list takes: where to go on, and how many.
type Page struct {
	Marker   string
	MaxItems *int
}

// Paged is what every list answers.
type Paged struct {
	IsTruncated bool
	Marker      string `json:",omitempty"`
}

// bounds returns the key after which the page begins and how many it may hold.
func (p *Page) bounds() (after string, limit int, err error) {
	limit = defaultItems
	if p.MaxItems != nil {
		limit = *p.MaxItems
		var problems iam.Problems
		problems.Range(int64(limit), "maxItems", 1, maxItems)
		if err := problems.Err(); err != nil {
			return "", 0, err
		}
	}
	key, err := base64.RawURLEncoding.DecodeString(p.Marker)
	if err != nil {
		return "", 0, awserr.New(iam.CodeValidation, "Invalid Marker.")
	}
	return string(key), limit, nil
}

// following is the answer's part for a page that ends with key.
func following(more bool, key string) Paged {
	if !more {
		return Paged{}
	}
	return Paged{true, base64.RawURLEncoding.EncodeToString([]byte(key))}
}

// cut takes a page out of a whole list, which is ordered by unique keys.
func cut[T any](p *Page, list []T, key func(*T) string) ([]T, Paged, error) {
	after, limit, err := p.bounds()
	if err != nil {
		return nil, Paged{}, err
	}
	if p.Marker != "" {
		list = list[sort.Search(len(list), func(i int) bool { return key(&list[i]) > after }):]
	}
	if len(list) <= limit {
		return list, Paged{}, nil
	}
	list = list[:limit]
	return list, following(true, key(&list[limit-1])), nil
}

// shown maps a list to what stands on the wire; the result is never nil, so an
// empty list is there as one.
func shown[T, W any](list []T, show func(*T) W) []W {
	out := make([]W, 0, len(list))
	for i := range list {
		out = append(out, show(&list[i]))
	}
	return out
}
