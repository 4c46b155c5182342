package logsapi

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/logs"
)

const codeParameter = "InvalidParameterException"

// target is what an operation is about: a group, or one of its streams, or a
// lookup table, or all groups of the scope.
type target struct {
	logs.Scope
	group, stream string
	table         string
	// query is where a table's contents come from, if that is a query.
	query queryOf
	// exact asks for permission on the group's ARN itself (tagging).
	exact bool
	// tags are those that the request sets, and tagKeys those that it removes.
	tags    map[string]string
	tagKeys []string
	// alsoTags says that the operation tags besides what it is for.
	alsoTags bool
}

// queryOf is a query of Logs Insights; its zero value is none.
type queryOf struct{ account, id string }

// needs are the permissions of an operation on the target. Creating a group or a
// table with tags takes the permission to tag, for a group under either of its
// names; filling a table from a query takes the permission to read its answer.
func (t target) needs(name string) []api.Need {
	needs := []api.Need{{Action: "logs:" + name, Resource: t.resource(), Context: t.keys()}}
	if t.alsoTags {
		tag := api.Need{Action: "logs:TagResource", Or: "logs:TagLogGroup", Resource: arn.LogGroup(t.Region, t.Account, t.group), Context: t.keys()}
		if t.table != "" {
			tag.Or, tag.Resource = "", t.resource()
		}
		needs = append(needs, tag)
	}
	if t.query.id != "" {
		needs = append(needs, api.Need{Action: "logs:GetQueryResults", Resource: "*"})
	}
	return needs
}

// keys are the condition keys of a request that tags (aws:RequestTag/*, aws:TagKeys).
func (t target) keys() map[string][]string {
	if len(t.tags)+len(t.tagKeys) == 0 {
		return nil
	}
	keys := api.RequestTags(t.tags)
	keys["aws:TagKeys"] = append(keys["aws:TagKeys"], t.tagKeys...)
	return keys
}

// resource is the ARN that permissions are evaluated on.
func (t target) resource() string {
	switch {
	case t.table != "":
		return arn.LookupTable(t.Region, t.Account, t.table)
	case t.exact:
		return arn.LogGroup(t.Region, t.Account, t.group)
	}
	return arn.LogStream(t.Region, t.Account, t.group, t.stream)
}

// scopeOf is where names are looked up: the caller's account; for a service
// principal the account that it acts for.
func scopeOf(c *api.Call) logs.Scope {
	if c.Caller.Type == iam.TypeService {
		return logs.Scope{Account: c.Caller.SourceAccount, Region: c.Region}
	}
	return logs.Scope{Account: c.Caller.Account, Region: c.Region}
}

// everyGroup is the target of operations that name no group.
func everyGroup[In any](c *api.Call, _ *In) (target, error) { return target{Scope: scopeOf(c)}, nil }

var (
	groupName  = regexp.MustCompile(`\A` + groupNameFormat + `\z`)
	streamName = regexp.MustCompile(`\A[^:*]*\z`)
)

const groupNameFormat = `[\.\-_/#A-Za-z0-9]+`

// maxName is the length of a group's or stream's name.
const maxName = 512

// inGroup returns the target of an operation on the group of that name.
func inGroup(c *api.Call, name *string) (target, error) {
	if name == nil {
		return target{}, validate.Missing(codeParameter, "logGroupName")
	}
	return target{Scope: scopeOf(c), group: *name}, checkGroupName("logGroupName", *name)
}

func checkGroupName(member, name string) error {
	if utf8.RuneCountInString(name) > maxName {
		return errTooLong()
	}
	var v validate.Checks
	v.Length(member, name, 1, maxName)
	if name != "" {
		v.Pattern(member, name, groupName, groupNameFormat)
	}
	return v.Err(codeParameter)
}

// errTooLong is AWS's text for a name of more than 512 characters.
func errTooLong() error {
	return awserr.New(codeParameter, "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
}

// inStream narrows the target to a stream.
func (t target) inStream(name *string) (target, error) {
	if name == nil {
		return t, validate.Missing(codeParameter, "logStreamName")
	}
	t.stream = *name
	return t, checkStreamName("logStreamName", *name)
}

func checkStreamName(member, name string) error {
	if utf8.RuneCountInString(name) > maxName {
		return errTooLong()
	}
	var v validate.Checks
	v.Length(member, name, 1, maxName)
	v.Pattern(member, name, streamName, `[^:*]*`)
	return v.Err(codeParameter)
}

// identified returns the target of an operation that takes a group's name, or
// its identifier: name or ARN, which may be another account's.
func identified(c *api.Call, name, identifier *string) (target, error) {
	switch {
	case name != nil && identifier != nil:
		return target{}, awserr.New("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	case identifier == nil:
		return inGroup(c, name)
	case strings.HasPrefix(*identifier, "arn:"):
		return byARN(c, "logGroupIdentifier", *identifier)
	default:
		return target{Scope: scopeOf(c), group: *identifier}, checkGroupName("logGroupIdentifier", *identifier)
	}
}

// byARN reads a group's ARN, with or without ":*", or with the ":" alone, which Grafana
// leaves when it cuts off the star.
func byARN(c *api.Call, member, s string) (target, error) {
	a, err := arn.Parse(s)
	name, ok := strings.CutPrefix(a.Resource, "log-group:")
	if err != nil || !ok || a.Service != "logs" || a.Account == "" {
		return target{}, awserr.New(codeParameter, "The specified %s is not the ARN of a log group.", member)
	}
	if a.Region != c.Region {
		return target{}, errNoGroup()
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, ":*"), ":")
	return target{Scope: logs.Scope{Account: a.Account, Region: a.Region}, group: name}, checkGroupName(member, name)
}

func errNoGroup() error {
	return awserr.New("ResourceNotFoundException", "The specified log group does not exist.")
}

// limitOr returns a list's page size; fallback if none was asked for.
func limitOr(limit *int, fallback, most int) (int, error) {
	if limit == nil {
		return fallback, nil
	}
	var v validate.Checks
	v.Range("limit", int64(*limit), 1, int64(most))
	return *limit, v.Err(codeParameter)
}

// nameToken and fromNameToken make the nextToken of a list ordered by name.
func nameToken(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func fromNameToken(token string) (string, error) {
	name, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", awserr.New(codeParameter, "The specified nextToken is invalid.")
	}
	return string(name), nil
}

// pairToken and fromPairToken make the nextToken of a list ordered by two texts,
// neither of which has a NUL.
func pairToken(first, second string) string { return nameToken(first + "\x00" + second) }

func fromPairToken(token *string) (first, second string, err error) {
	if token == nil {
		return "", "", nil
	}
	pair, err := fromNameToken(*token)
	first, second, ok := strings.Cut(pair, "\x00")
	if err != nil || !ok {
		return "", "", awserr.New(codeParameter, "The specified nextToken is invalid.")
	}
	return first, second, nil
}
