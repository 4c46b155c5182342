package iam

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"waybill/internal/awserr"
)

// Tag is a tag of an entity.
type Tag struct {
	Key   string
	Value string
}

// checkTags refuses tags that cannot stand on one role or session.
func checkTags(tags []Tag) error { return checkTagsOf("Role", tags) }

// checkTagsOf refuses tags that cannot stand on one entity of a kind, which is
// spelled as in the quota's name ("User", "Role", "Policy").
func checkTagsOf(kind string, tags []Tag) error {
	if len(tags) > maxTags {
		return tooManyTags(kind)
	}
	var p Problems
	seen := map[string]bool{}
	for i, t := range tags {
		at := fmt.Sprintf("tags.%d.member", i+1)
		p.Length(t.Key, at+".key", 1, maxTagKey)
		p.Length(t.Value, at+".value", 0, maxTagValue)
		if !tagSyntax.MatchString(t.Key) {
			p.Add(&t.Key, at+".key", `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`)
		}
		if !tagSyntax.MatchString(t.Value) {
			p.Add(&t.Value, at+".value", `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`)
		}
		if strings.HasPrefix(fold(t.Key), "aws:") {
			return awserr.New(CodeValidation, "Tag keys may not begin with 'aws:': %s", t.Key)
		}
		if seen[fold(t.Key)] {
			return awserr.New(CodeInvalidInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[fold(t.Key)] = true
	}
	return p.Err()
}

func tooManyTags(kind string) error {
	return limitExceeded("Cannot exceed quota for TagsPer%s: %d", kind, maxTags)
}

// checkTagKeys refuses what no tag's key can be.
func checkTagKeys(keys []string) error {
	var p Problems
	if len(keys) > maxTags {
		shown := fmt.Sprint(keys)
		p.Add(&shown, "tagKeys", fmt.Sprintf("have length less than or equal to %d", maxTags))
	}
	for i, k := range keys {
		p.Length(k, fmt.Sprintf("tagKeys.%d.member", i+1), 1, maxTagKey)
	}
	return p.Err()
}

// mergeTags returns old with add on top. Keys are the same without regard to
// case; the result is ordered by key, as IAM shows tags.
func mergeTags(old, add []Tag) []Tag {
	list := slices.Clone(old)
	for _, t := range add {
		list = append(dropTags(list, []string{t.Key}), t)
	}
	slices.SortFunc(list, func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

// dropTags returns the tags without those of the keys. A key that is not there is fine.
func dropTags(old []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(old), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return fold(k) == fold(t.Key) })
	})
}

func encodeTags(tags []Tag) (string, error) {
	if tags == nil {
		tags = []Tag{}
	}
	text, err := json.Marshal(tags)
	return string(text), wrap(err, "encode tags")
}

func tagMap(tags []Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
