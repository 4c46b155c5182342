package iamapi

import (
	"strings"

	"waybill/internal/iam"
)

// TagsOutput is the output of operations that list tags.
type TagsOutput struct {
	Tags []iam.Tag
	Paged
}

func tagsPage(p *Page, tags []iam.Tag, err error) (*TagsOutput, error) {
	if err != nil {
		return nil, err
	}
	list, paged, err := cut(p, tags, func(t *iam.Tag) string { return t.Key })
	return &TagsOutput{append([]iam.Tag{}, list...), paged}, err
}

// keys are the condition keys that an operation gives of itself.
type keys map[string][]string

// requestTags adds what a request to tag asks for (aws:RequestTag/*, aws:TagKeys).
func (k keys) requestTags(tags []iam.Tag) keys {
	for _, t := range tags {
		k["aws:RequestTag/"+t.Key] = []string{t.Value}
		k["aws:TagKeys"] = append(k["aws:TagKeys"], t.Key)
	}
	return k
}

// tagKeys adds the keys that a request to untag names.
func (k keys) tagKeys(names []string) keys {
	k["aws:TagKeys"] = append(k["aws:TagKeys"], names...)
	return k
}

// taggingKeys are the keys of TagUser, UntagRole and their like; other operations
// have none.
func taggingKeys(operation string, tags []iam.Tag, names []string) keys {
	switch {
	case strings.HasPrefix(operation, "Tag"):
		return keys{}.requestTags(tags)
	case strings.HasPrefix(operation, "Untag"):
		return keys{}.tagKeys(names)
	}
	return keys{}
}

// resourceTags adds the tags that an entity has.
func (k keys) resourceTags(tags []iam.Tag) keys {
	for _, t := range tags {
		k["aws:ResourceTag/"+t.Key] = []string{t.Value}
		k["iam:ResourceTag/"+t.Key] = []string{t.Value}
	}
	return k
}
