package logsapi

import (
	"context"
	"regexp"
	"strings"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/insights"
	"waybill/internal/logs"
)

// CreateLookupTableInput is CloudWatch Logs'. kmsKeyId is kept and shown; Waybill
// encrypts nothing with it.
type CreateLookupTableInput struct {
	LookupTableName *string           `json:"lookupTableName"`
	Description     string            `json:"description,omitempty"`
	KmsKeyID        string            `json:"kmsKeyId,omitempty"`
	TableBody       *string           `json:"tableBody,omitempty"`
	QueryID         *string           `json:"queryId,omitempty"`
	Tags            map[string]string `json:"tags,omitempty"`
}

// CreateLookupTableOutput is CloudWatch Logs'.
type CreateLookupTableOutput struct {
	LookupTableArn string `json:"lookupTableArn"`
	CreatedAt      int64  `json:"createdAt"`
}

// UpdateLookupTableInput is CloudWatch Logs'.
type UpdateLookupTableInput struct {
	LookupTableArn *string `json:"lookupTableArn"`
	Description    *string `json:"description,omitempty"`
	KmsKeyID       *string `json:"kmsKeyId,omitempty"`
	TableBody      *string `json:"tableBody,omitempty"`
	QueryID        *string `json:"queryId,omitempty"`
}

// UpdateLookupTableOutput is CloudWatch Logs'.
type UpdateLookupTableOutput struct {
	LookupTableArn  string `json:"lookupTableArn"`
	LastUpdatedTime int64  `json:"lastUpdatedTime"`
}

// maxTableBody is how long a request with a table may be: JSON's escapes can make
// a body that is not in English three times as long.
const maxTableBody = 3*logs.MaxLookupTable + 64<<10

func createLookupTable(s *insights.Service) api.Operation {
	op := define("CreateLookupTable",
		func(c *api.Call, in *CreateLookupTableInput) (target, error) {
			var v validate.Checks
			v.Required("lookupTableName", in.LookupTableName != nil)
			if in.LookupTableName != nil {
				checkTableName(&v, "lookupTableName", *in.LookupTableName)
			}
			v.Length("description", in.Description, 0, maxTableDescription)
			v.Length("kmsKeyId", in.KmsKeyID, 0, 256)
			checkTags(&v, in.Tags)
			if err := v.Err(codeParameter); err != nil {
				return target{}, err
			}
			t := target{Scope: scopeOf(c), table: *in.LookupTableName, tags: in.Tags, alsoTags: len(in.Tags) > 0}
			return t.filledBy(c, in.TableBody, in.QueryID)
		},
		func(ctx context.Context, t target, in *CreateLookupTableInput) (*CreateLookupTableOutput, error) {
			body, err := tableBody(ctx, s, t, in.TableBody)
			if err != nil {
				return nil, err
			}
			made, err := s.Logs.CreateLookupTable(ctx, t.Scope, logs.NewLookupTable{
				Name: t.table, Description: in.Description, KMSKey: in.KmsKeyID, Body: body, Tags: in.Tags,
			})
			return &CreateLookupTableOutput{made.ARN(), made.Updated}, err
		})
	op.MaxBody = maxTableBody
	return op
}

func updateLookupTable(s *insights.Service) api.Operation {
	op := define("UpdateLookupTable",
		func(c *api.Call, in *UpdateLookupTableInput) (target, error) {
			t, err := tableByARN(c, "lookupTableArn", in.LookupTableArn)
			if err != nil {
				return t, err
			}
			var v validate.Checks
			if in.Description != nil {
				v.Length("description", *in.Description, 0, maxTableDescription)
			}
			if in.KmsKeyID != nil {
				v.Length("kmsKeyId", *in.KmsKeyID, 0, 256)
			}
			if err := v.Err(codeParameter); err != nil {
				return t, err
			}
			return t.filledBy(c, in.TableBody, in.QueryID)
		},
		func(ctx context.Context, t target, in *UpdateLookupTableInput) (*UpdateLookupTableOutput, error) {
			body, err := tableBody(ctx, s, t, in.TableBody)
			if err != nil {
				return nil, err
			}
			made, err := s.Logs.UpdateLookupTable(ctx, t.Scope, t.table, logs.LookupTableUpdate{Description: in.Description, KMSKey: in.KmsKeyID, Body: body})
			return &UpdateLookupTableOutput{made.ARN(), made.Updated}, err
		})
	op.MaxBody = maxTableBody
	return op
}

// filledBy says where the table's contents come from: the request, or a query of
// the caller's account.
func (t target) filledBy(c *api.Call, body, queryID *string) (target, error) {
	if (body == nil) == (queryID == nil) {
		return t, awserr.New(codeParameter, "Exactly one of tableBody and queryId must be given.")
	}
	if queryID != nil {
		t.query = queryOf{c.Caller.Account, *queryID}
	}
	return t, nil
}

// tableBody returns the CSV of the request, or makes it of a query's answer.
func tableBody(ctx context.Context, s *insights.Service, t target, body *string) (string, error) {
	if body != nil {
		return *body, nil
	}
	return s.CSV(ctx, t.query.account, t.query.id, logs.MaxLookupTable)
}

const (
	maxTableDescription = 1024
	maxTableName        = 256
)

var tableName = regexp.MustCompile(`\A[a-zA-Z0-9_]+\z`)

func checkTableName(v *validate.Checks, member, name string) {
	v.Length(member, name, 1, maxTableName)
	v.Pattern(member, name, tableName, `^[a-zA-Z0-9_]+$`)
}

// tableByARN returns the table of an ARN.
func tableByARN(c *api.Call, member string, s *string) (target, error) {
	if s == nil {
		return target{}, validate.Missing(codeParameter, member)
	}
	a, err := arn.Parse(*s)
	name, ok := strings.CutPrefix(a.Resource, "lookup-table:")
	if err != nil || !ok || a.Service != "logs" || a.Account == "" || !tableName.MatchString(name) {
		return target{}, awserr.New(codeParameter, "The specified %s is not the ARN of a lookup table.", member)
	}
	if a.Region != c.Region {
		return target{}, awserr.New("ResourceNotFoundException", "The specified lookup table does not exist.")
	}
	return target{Scope: logs.Scope{Account: a.Account, Region: a.Region}, table: name}, nil
}
