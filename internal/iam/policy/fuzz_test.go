package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"waybill/internal/awserr"
)

func seedDocuments(f *testing.F) {
	for _, file := range []string{"testdata/malformed.txtar", "testdata/accepted.txtar", "testdata/warnings.txtar"} {
		for _, a := range archive(f, file) {
			doc := string(a.Data)
			if i := strings.Index(doc, "{"); i > 0 {
				doc = doc[i:]
			}
			f.Add([]byte(doc))
		}
	}
}

// FuzzParse reads arbitrary text as every kind: it is refused with the one
// code, or can be asked everything.
func FuzzParse(f *testing.F) {
	seedDocuments(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []Kind{Identity, Trust, Resource} {
			d, err := Parse(kind, data)
			if err != nil {
				if !awserr.HasCode(err, CodeMalformed) || d != nil {
					t.Fatalf("%s: %v, %v", kind, d, err)
				}
				continue
			}
			if d.Len() == 0 {
				t.Fatalf("%s without a statement: %s", kind, data)
			}
			Warnings(d)
			d.ContextKeys()
		}
	})
}

// FuzzEvaluate asks arbitrary documents arbitrary questions. The outcome must
// name a statement that there is, and be the same when asked again; the cost is
// bounded by the fuzzer's own time limit for one input.
func FuzzEvaluate(f *testing.F) {
	for _, a := range archive(f, "testdata/accepted.txtar") {
		f.Add(a.Data, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:mail", "ann")
	}
	stars := strings.Repeat("a*?", 1000)
	f.Add([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "`+stars+`", "Resource": "arn:aws:`+stars+`:*"}}`),
		strings.Repeat("a", 3000), "arn:aws:"+strings.Repeat("a", 3000), "x")
	f.Fuzz(func(t *testing.T, data []byte, action, resource, value string) {
		r := &Request{Action: action, Resource: resource, Context: Context{},
			Subject: Subject{Account: "111122223333", ARNs: []string{"arn:aws:iam::111122223333:user/ann"}}}
		set := &Set{}
		for _, kind := range []Kind{Identity, Trust, Resource} {
			d, err := Parse(kind, data)
			if err != nil {
				continue
			}
			for _, key := range d.ContextKeys() {
				r.Context[strings.ToLower(key)] = []string{value}
			}
			if kind == Identity {
				set.Identity = append(set.Identity, Named{Name: kind.String(), Document: d})
			} else {
				set.Resource = append(set.Resource, Named{Name: kind.String(), Document: d})
			}
		}
		d := Evaluate(r, set)
		if again := Evaluate(r, set); again != d {
			t.Fatalf("%+v, then %+v", d, again)
		}
		if d.Effect != ImplicitDeny && (d.Policy == "" || d.Statement < 0) {
			t.Fatalf("%+v names no statement", d)
		}
	})
}

// BenchmarkHostile decides by documents of about 100 KiB that are made to be
// slow to match, on an ARN of the length that our operations take at most.
func BenchmarkHostile(b *testing.B) {
	const size = 100 << 10
	for name, patterns := range map[string][]string{
		"stars":     {strings.Repeat("*a", size/2)},
		"questions": {strings.Repeat("*?a?", size/4)},
		"literals":  {strings.Repeat("aaaaaaab*", size/9)},
		"variables": {strings.Repeat("${v}", size/4)},
		"mixed":     slices.Repeat([]string{"*" + strings.Repeat("a?", 500)}, size/1001),
	} {
		b.Run(name, func(b *testing.B) {
			list := `"arn:aws:logs:` + strings.Join(patterns, `b*", "arn:aws:logs:`) + `b*"`
			doc := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": [%s]}}`, list)
			set := &Set{Identity: []Named{{Name: "p", Document: mustParse(b, Identity, doc)}}}
			r := &Request{Action: "a:b", Resource: "arn:aws:logs:" + strings.Repeat("a", 2048), Subject: Subject{Account: "111122223333"},
				Context: Context{"v": {strings.Repeat("a", 1000)}}}
			for b.Loop() {
				Evaluate(r, set)
			}
		})
	}
}
