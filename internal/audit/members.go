package audit

import (
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// maxText is the longest string member that is kept whole, in bytes: more than
	// any name, and than all but hostile policy documents.
	maxText = 10_240
	// maxList is how many elements of a list are kept.
	maxList = 20
)

// harmless are the members of inputs and outputs that a record may hold, by
// their wire names in lower case. They are names, identifiers, ARNs, times,
// bounds, settings and policy documents. Everything else is left out: what may
// hold mail data (logEvents, message), search terms (filterPattern,
// queryString), secrets (secretAccessKey, sessionToken, password,
// webIdentityToken, tokenCode), free text (description, tags).
var harmless = set(`
	accesskeyid accountalias action actionnames alias arn assumedroleid assumedroleuser assumerolepolicydocument attachmentstate audience
	awsservicename clientid clientidlist credentials customsuffix deletiontaskid descending destinationarn destinationname domainname
	durationseconds endtime expiration filtername groupid groupname interleaved kmskeyid limit loggrouparn
	loggroupclass loggroupidentifier loggroupidentifiers loggroupname loggroupnameprefix loggroupnames logstreamname logstreamnameprefix
	logstreamnames lookuptablearn lookuptablename lookuptablenameprefix maxitems maxresults maxsessionduration newgroupname newpath newusername onlyattached openidconnectproviderarn orderby
	organizationid passwordresetrequired path pathprefix permissionsboundary policyarn policyarns policydocument policyid policyname policynames
	policyscope policyscopetype policysourcearn provider querydefinitionid queryid querylanguage resourcearn resourcearns retentionindays role
	rolearn roleid rolename rolesessionname serialnumber servicename setasdefault sourceidentity startfromhead starttime status success tagkeys
	thumbprintlist transitivetagkeys url user userid username versionid accesskey group policy policyversion deletionprotectionenabled
`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// member is one field that is kept.
type member struct {
	index int
	name  string
}

// plans keeps, by struct type, which fields to take.
var plans sync.Map // reflect.Type -> []member

func planOf(t reflect.Type) []member {
	if p, ok := plans.Load(t); ok {
		return p.([]member)
	}
	plan := []member{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			name = f.Name
		}
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			plan = append(plan, member{i, ""})
		case harmless[strings.ToLower(name)]:
			plan = append(plan, member{i, strings.ToLower(name[:1]) + name[1:]})
		}
	}
	plans.Store(t, plan)
	return plan
}

// members writes what may be kept of an operation's input or output under a
// name; null if that is nothing.
func members(o *object, name string, v any) {
	before, comma := len(o.b), o.comma
	o.open(name, '{')
	if r := reflect.Indirect(reflect.ValueOf(v)); r.IsValid() && r.Kind() == reflect.Struct {
		fields(o, r)
	}
	if empty := !o.comma; empty {
		o.b, o.comma = o.b[:before], comma
		o.null(name)
		return
	}
	o.close('}')
}

func fields(o *object, v reflect.Value) {
	for _, m := range planOf(v.Type()) {
		f := reflect.Indirect(v.Field(m.index))
		switch {
		case !f.IsValid() || f.IsZero():
		case m.name == "":
			fields(o, f)
		default:
			value(o, m.name, f)
		}
	}
}

func value(o *object, name string, f reflect.Value) {
	switch f.Kind() {
	case reflect.String:
		o.text(name, cut(f.String(), maxText))
	case reflect.Int, reflect.Int32, reflect.Int64:
		o.number(name, f.Int())
	case reflect.Bool:
		o.boolean(name, f.Bool())
	case reflect.Struct:
		if t, ok := f.Interface().(time.Time); ok {
			o.time(name, t)
			return
		}
		o.open(name, '{')
		fields(o, f)
		o.close('}')
	case reflect.Slice:
		list(o, name, f)
	}
}

func list(o *object, name string, f reflect.Value) {
	o.open(name, '[')
	for i := range min(f.Len(), maxList) {
		switch e := f.Index(i); e.Kind() {
		case reflect.String:
			o.element(cut(e.String(), maxText))
		case reflect.Struct:
			o.open("", '{')
			fields(o, e)
			o.close('}')
		}
	}
	if more := f.Len() - maxList; more > 0 {
		o.element("and " + strconv.Itoa(more) + " more")
	}
	o.close(']')
}

// cut shortens a text to n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}

// short bounds what a caller may choose freely.
func short(s string) string { return cut(s, 256) }
