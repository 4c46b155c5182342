package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestLookupTables(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	made, err := f.CreateLookupTable(ctx, here, NewLookupTable{Name: "people", Description: "who", KMSKey: "k", Body: "id,name\n1,Ann\n2,\"B, C\"\n"})
	must(t, err)
	want := LookupTable{Scope: here, Name: "people", Description: "who", KMSKey: "k", Fields: []string{"id", "name"}, Records: 2, Size: 23, Updated: noon}
	if diff := cmp.Diff(want, made, cmpopts.IgnoreUnexported(LookupTable{})); diff != "" || made.ARN() != "arn:aws:logs:us-east-1:111122223333:lookup-table:people" {
		t.Errorf("%s %s", made.ARN(), diff)
	}
	_, err = f.CreateLookupTable(ctx, here, NewLookupTable{Name: "people", Body: "a\n"})
	wantError(t, err, "ResourceAlreadyExistsException", "The specified lookup table already exists.")

	f.clock.advance(time.Second)
	_, err = f.UpdateLookupTable(ctx, here, "people", LookupTableUpdate{KMSKey: ptr(""), Body: "id\n"})
	must(t, err)
	f.reopen(t)
	got, body, err := f.LookupTableBody(ctx, here, "people")
	must(t, err)
	want.KMSKey, want.Fields, want.Records, want.Size, want.Updated = "", []string{"id"}, 0, 3, noon+1000
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(LookupTable{})); diff != "" || body != "id\n" {
		t.Errorf("%q %s", body, diff)
	}
	elsewhere := Scope{here.Account, "eu-west-1"}
	_, err = f.LookupTable(ctx, elsewhere, "people")
	wantError(t, err, "ResourceNotFoundException", "The specified lookup table does not exist.")
	_, err = f.UpdateLookupTable(ctx, elsewhere, "people", LookupTableUpdate{Body: "a\n"})
	wantError(t, err, "ResourceNotFoundException", "")
	wantError(t, f.DeleteLookupTable(ctx, elsewhere, "people"), "ResourceNotFoundException", "")
	must(t, f.DeleteLookupTable(ctx, here, "people"))
	wantError(t, f.DeleteLookupTable(ctx, here, "people"), "ResourceNotFoundException", "")
}

func TestLookupTableBodies(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	_, err := f.CreateLookupTable(ctx, here, NewLookupTable{Name: "t", Body: "a,b\n1,2\n3\n"})
	wantError(t, err, "InvalidParameterException", "The table body is not valid CSV: line 3: 1 cell, the header row has 2.")
	most := "a\n" + strings.Repeat("x", MaxLookupTable-3) + "\n"
	_, err = f.CreateLookupTable(ctx, here, NewLookupTable{Name: "t", Body: most + "y"})
	wantError(t, err, "InvalidParameterException", "has 10485761 bytes; a lookup table has at most 10485760")
	_, err = f.CreateLookupTable(ctx, here, NewLookupTable{Name: "t", Body: most})
	must(t, err)
	_, err = f.UpdateLookupTable(ctx, here, "t", LookupTableUpdate{Body: "a,a\n"})
	wantError(t, err, "InvalidParameterException", "line 1: two columns")
	table, body, err := f.LookupTableBody(ctx, here, "t")
	must(t, err)
	if table.Records != 1 || body != most {
		t.Errorf("a refused update left %d records, %d bytes", table.Records, len(body))
	}
}

func TestLookupTablePagesAndQuota(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	for i := range maxLookupTables {
		_, err := f.CreateLookupTable(ctx, here, NewLookupTable{Name: fmt.Sprintf("t%02d", i), Body: "a\n"})
		must(t, err)
	}
	_, err := f.CreateLookupTable(ctx, here, NewLookupTable{Name: "more", Body: "a\n"})
	wantError(t, err, "LimitExceededException", "Resource limit exceeded.")
	_, err = f.CreateLookupTable(ctx, Scope{"444455556666", "us-east-1"}, NewLookupTable{Name: "more", Body: "a\n"})
	must(t, err)
	var names []string
	l := LookupTableList{Prefix: "t1", Limit: 4}
	for more := true; more; {
		var page []LookupTable
		page, more, err = f.DescribeLookupTables(ctx, here, l)
		must(t, err)
		for _, table := range page {
			names = append(names, table.Name)
		}
		l.After = page[len(page)-1].Name
	}
	if got := strings.Join(names, " "); got != "t10 t11 t12 t13 t14 t15 t16 t17 t18 t19" {
		t.Errorf("tables %s", got)
	}
}

func TestLookupTableTags(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	_, err := f.CreateLookupTable(ctx, here, NewLookupTable{Name: "t", Body: "a\n", Tags: map[string]string{"aws:x": ""}})
	wantError(t, err, "InvalidParameterException", "reserved")
	table, err := f.CreateLookupTable(ctx, here, NewLookupTable{Name: "t", Body: "a\n"})
	must(t, err)
	must(t, f.TagLookupTable(ctx, here, "t", map[string]string{"a": "1", "b": "2"}))
	must(t, f.TagLookupTable(ctx, here, "t", map[string]string{"b": "3", "c": ""}))
	must(t, f.UntagLookupTable(ctx, here, "t", []string{"a", "none"}))
	_, err = f.UpdateLookupTable(ctx, here, "t", LookupTableUpdate{Body: "b\n"})
	must(t, err)
	tags, found, err := f.ResourceTags(ctx, table.ARN())
	must(t, err)
	if diff := cmp.Diff(map[string]string{"b": "3", "c": ""}, tags); diff != "" || !found {
		t.Errorf("found %t %s", found, diff)
	}
	if _, found, err = f.ResourceTags(ctx, table.ARN()+"x"); err != nil || found {
		t.Errorf("another table: %t %v", found, err)
	}
	many := map[string]string{}
	for i := range maxTags {
		many[fmt.Sprint(i)] = ""
	}
	wantError(t, f.TagLookupTable(ctx, here, "t", many), "TooManyTagsException", "")
	wantError(t, f.TagLookupTable(ctx, here, "none", many), "ResourceNotFoundException", "")
}
