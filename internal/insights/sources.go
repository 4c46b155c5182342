package insights

import (
	"context"
	"slices"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/insights/syntax"
	"waybill/internal/logs"
)

// maxGroups is how many log groups a query may name, and how many the SOURCE
// commands of one query may find.
const maxGroups = 50

// Sources are the log groups that a query's text names by SOURCE, and the lookup
// tables that it reads.
type Sources struct {
	// Own is true when the query itself has a SOURCE, and so takes no other groups.
	Own bool
	// Groups are those of the query itself, Subgroups those of its subqueries.
	Groups, Subgroups []logs.GroupName
	// Prefixes are the beginnings of names by which some were found; permission for
	// them comes first, so that nobody learns what groups there are.
	Prefixes []logs.GroupName
	// Tables are the names of the lookup tables, each once; they are the caller's.
	Tables []string
}

// Sources finds the log groups of a query's text. The scope is the caller's. If
// what a SOURCE finds cannot be queried the error tells of it, and Prefixes are
// there all the same: it is for those with permission for them.
func (s *Service) Sources(ctx context.Context, sc logs.Scope, text string) (Sources, error) {
	q, err := parse(text)
	if err != nil {
		return Sources{}, err
	}
	out := Sources{Own: len(q.Sources) > 0}
	for _, l := range syntax.Lookups(q) {
		if !slices.Contains(out.Tables, l.Table) {
			out.Tables = append(out.Tables, l.Table)
		}
	}
	lists := sources(q)
	for _, list := range lists {
		for _, source := range list {
			out.Prefixes = append(out.Prefixes, prefixes(sc, source)...)
		}
	}
	for i, list := range lists {
		names, err := s.resolve(ctx, sc, list)
		if err != nil {
			return out, err
		}
		if i == 0 && out.Own {
			out.Groups = names
		} else {
			out.Subgroups = append(out.Subgroups, names...)
		}
	}
	return out, nil
}

// sources returns the SOURCE commands of q, if it has some, and of every subquery
// of it.
func sources(q *syntax.Query) [][]*syntax.Source {
	var all [][]*syntax.Source
	if len(q.Sources) > 0 {
		all = append(all, q.Sources)
	}
	for _, sub := range syntax.Subqueries(q) {
		all = append(all, sources(sub)...)
	}
	return all
}

// resolve returns the groups that SOURCE commands mean.
func (s *Service) resolve(ctx context.Context, sc logs.Scope, list []*syntax.Source) ([]logs.GroupName, error) {
	var names []logs.GroupName
	for _, source := range list {
		found, err := s.groupsOf(ctx, sc, source)
		if err != nil {
			return nil, err
		}
		if names = append(names, found...); len(names) > maxGroups {
			return nil, tooManyGroups()
		}
	}
	return names, nil
}

func tooManyGroups() error {
	return awserr.New(codeParameter, "SOURCE finds more than %d log groups: give a longer prefix.", maxGroups)
}

// groupsOf returns the groups that one SOURCE command means.
func (s *Service) groupsOf(ctx context.Context, sc logs.Scope, source *syntax.Source) ([]logs.GroupName, error) {
	if len(source.DataSources) > 0 {
		return nil, awserr.New(codeParameter, "SOURCE dataSource() is not supported: name log groups.")
	}
	var names []logs.GroupName
	for _, text := range source.Groups {
		name := named(sc, text)
		if name.Region != sc.Region {
			return nil, awserr.New(codeNotFound, "The specified log group does not exist.")
		}
		names = append(names, name)
	}
	for _, id := range source.Identifiers {
		names = append(names, named(sc, id))
	}
	for _, p := range prefixes(sc, source) {
		list := logs.GroupList{Prefix: p.Name, Limit: maxGroups, Tags: tags(source)}
		found, more, err := s.Logs.DescribeLogGroups(ctx, p.Scope, list)
		if err != nil {
			return nil, err
		}
		if more {
			return nil, tooManyGroups()
		}
		for i := range found {
			if ofClass(found[i].Class, source.Classes) {
				names = append(names, logs.GroupName{Scope: p.Scope, Name: found[i].Name})
			}
		}
	}
	return names, nil
}

// tags is the condition that logGroupTags() means; nil is none.
func tags(source *syntax.Source) func(map[string]string) bool {
	if len(source.Tags) == 0 {
		return nil
	}
	filters := make([]logs.TagFilter, len(source.Tags))
	for i, t := range source.Tags {
		filters[i] = logs.TagFilter(t)
	}
	return logs.AllFit(filters)
}

// named reads a group's name, or its ARN.
func named(sc logs.Scope, s string) logs.GroupName {
	if a, err := arn.Parse(s); err == nil && a.Service == "logs" {
		if name, ok := strings.CutPrefix(a.Resource, "log-group:"); ok {
			return logs.GroupName{Scope: logs.Scope{Account: a.Account, Region: a.Region}, Name: strings.TrimSuffix(name, ":*")}
		}
	}
	return logs.GroupName{Scope: sc, Name: s}
}

// prefixes are the beginnings of the names that logGroups() and logGroupTags() mean,
// by account.
func prefixes(sc logs.Scope, source *syntax.Source) []logs.GroupName {
	if len(source.Groups) > 0 || len(source.Identifiers) > 0 || len(source.DataSources) > 0 {
		return nil
	}
	accounts, names := source.Accounts, source.NamePrefixes
	if len(accounts) == 0 {
		accounts = []string{sc.Account}
	}
	if len(names) == 0 {
		names = []string{""}
	}
	var list []logs.GroupName
	for _, account := range accounts {
		for _, name := range names {
			list = append(list, logs.GroupName{Scope: logs.Scope{Account: account, Region: sc.Region}, Name: name})
		}
	}
	return list
}

func ofClass(class string, classes []string) bool {
	if len(classes) == 0 {
		return class == "STANDARD"
	}
	for _, c := range classes {
		if c == class {
			return true
		}
	}
	return false
}
