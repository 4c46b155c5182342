package exec

import (
	"cmp"
	"slices"
	"strings"
)

// similar is the share of equal words that makes two shapes one pattern.
const similar = 0.7

// cluster joins shapes of the same build that differ in few words, commonest first.
func cluster(shapes map[string]*shapeCount) []*shapeCount {
	all := make([]*shapeCount, 0, len(shapes))
	for _, x := range shapes {
		all = append(all, &shapeCount{shape: slices.Clone(x.shape), n: x.n, details: x.details})
	}
	byCount := func(a, b *shapeCount) int {
		return cmp.Or(cmp.Compare(b.n, a.n), slices.Compare(a.shape, b.shape))
	}
	slices.SortFunc(all, byCount)
	builds := map[string][]*shapeCount{}
	var out []*shapeCount
next:
	for _, x := range all {
		build := x.shape.build()
		for i, y := range builds[build] {
			if i == 100 {
				break // of one build the hundred commonest are tried
			}
			if y.shape.alike(x.shape) {
				y.join(x)
				continue next
			}
		}
		builds[build] = append(builds[build], x)
		out = append(out, x)
	}
	slices.SortFunc(out, byCount)
	return out
}

// build is what shapes must have in common to be compared: how many tokens there
// are, and those that are no words.
func (s shape) build() string {
	var b strings.Builder
	for _, t := range s {
		if isWordToken(t) {
			b.WriteByte('w')
			if strings.HasPrefix(t, `"`) {
				b.WriteByte('q')
			}
		} else {
			b.WriteString(t)
		}
		b.WriteByte(0)
	}
	return b.String()
}

func isWordToken(t string) bool {
	return t != "" && (isTokenByte(t[0]) || isKind(t) || t[0] == '"' && len(t) > 1)
}

func (s shape) alike(o shape) bool {
	words, same := 0, 0
	for i, t := range s {
		if !isWordToken(t) {
			continue
		}
		words++
		if t == o[i] {
			same++
		}
	}
	return float64(same) >= similar*float64(words)
}

// join takes o in, whose shape is alike.
func (x *shapeCount) join(o *shapeCount) {
	for i, t := range x.shape {
		if t != o.shape[i] {
			x.vary(i)
			o.vary(i)
		}
	}
	x.details.merge(&o.details, true)
	x.shape.join(o.shape)
	x.n += o.n
}

// vary makes the word at i the one value of a token.
func (x *shapeCount) vary(i int) {
	if t := x.shape[i]; !isKind(t) {
		x.details.token(i).add(strings.Trim(t, `"`), x.n, true)
	}
}

// join makes the words that differ from o's varying tokens.
func (s shape) join(o shape) {
	for i, t := range s {
		switch {
		case t == o[i]:
		case strings.HasPrefix(t, `"`):
			s[i] = `"` + tokenOther + `"`
		default:
			s[i] = tokenOther
		}
	}
}
