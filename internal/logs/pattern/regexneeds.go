package pattern

import (
	"regexp"
	"regexp/syntax"
)

// regexNeeds returns texts that every text contains which re matches: the runs
// of plain characters that no alternative goes around. %[0-9]+ of [a-z]+ files%
// needs " of " and " files".
func regexNeeds(re *regexp.Regexp) []string {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil // not reached: it was compiled from the same text
	}
	return literalsOf(tree.Simplify(), nil)
}

func literalsOf(re *syntax.Regexp, list []string) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			list = append(list, string(re.Rune))
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			list = literalsOf(sub, list)
		}
	case syntax.OpCapture, syntax.OpPlus:
		list = literalsOf(re.Sub[0], list)
	case syntax.OpRepeat:
		if re.Min > 0 {
			list = literalsOf(re.Sub[0], list)
		}
	}
	return list
}
