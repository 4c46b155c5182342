package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/logs"
)

// LookupTableInput is the input of operations that only name a table.
type LookupTableInput struct {
	LookupTableArn *string `json:"lookupTableArn"`
}

// GetLookupTableOutput is CloudWatch Logs'.
type GetLookupTableOutput struct {
	LookupTableArn  string `json:"lookupTableArn"`
	LookupTableName string `json:"lookupTableName"`
	Description     string `json:"description,omitempty"`
	TableBody       string `json:"tableBody"`
	SizeBytes       int64  `json:"sizeBytes"`
	LastUpdatedTime int64  `json:"lastUpdatedTime"`
	KmsKeyID        string `json:"kmsKeyId,omitempty"`
}

// DescribeLookupTablesInput is CloudWatch Logs'.
type DescribeLookupTablesInput struct {
	LookupTableNamePrefix *string `json:"lookupTableNamePrefix,omitempty"`
	MaxResults            *int    `json:"maxResults,omitempty"`
	NextToken             string  `json:"nextToken,omitempty"`
}

// DescribeLookupTablesOutput is CloudWatch Logs'.
type DescribeLookupTablesOutput struct {
	LookupTables []LookupTable `json:"lookupTables"`
	NextToken    string        `json:"nextToken,omitempty"`
}

// LookupTable is an entry of DescribeLookupTables.
type LookupTable struct {
	LookupTableArn  string   `json:"lookupTableArn"`
	LookupTableName string   `json:"lookupTableName"`
	Description     string   `json:"description,omitempty"`
	TableFields     []string `json:"tableFields"`
	RecordsCount    int64    `json:"recordsCount"`
	SizeBytes       int64    `json:"sizeBytes"`
	LastUpdatedTime int64    `json:"lastUpdatedTime"`
	KmsKeyID        string   `json:"kmsKeyId,omitempty"`
}

func onTable(c *api.Call, in *LookupTableInput) (target, error) {
	return tableByARN(c, "lookupTableArn", in.LookupTableArn)
}

func getLookupTable(s *logs.Service) api.Operation {
	return define("GetLookupTable", onTable,
		func(ctx context.Context, t target, _ *LookupTableInput) (*GetLookupTableOutput, error) {
			found, body, err := s.LookupTableBody(ctx, t.Scope, t.table)
			if err != nil {
				return nil, err
			}
			return &GetLookupTableOutput{found.ARN(), found.Name, found.Description, body, found.Size, found.Updated, found.KMSKey}, nil
		})
}

func deleteLookupTable(s *logs.Service) api.Operation {
	return define("DeleteLookupTable", onTable,
		func(ctx context.Context, t target, _ *LookupTableInput) (*Empty, error) {
			return nil, s.DeleteLookupTable(ctx, t.Scope, t.table)
		})
}

// The pages of DescribeLookupTables.
const (
	describeTables    = 50
	maxDescribeTables = 100
)

// describeLookupTables asks for permission on "*": AWS has it without a resource.
func describeLookupTables(s *logs.Service) api.Operation {
	return api.Define("logs", "DescribeLookupTables", anyQuery[DescribeLookupTablesInput]("DescribeLookupTables"),
		func(ctx context.Context, c *api.Call, in *DescribeLookupTablesInput) (*DescribeLookupTablesOutput, error) {
			l, err := in.list()
			if err != nil {
				return nil, err
			}
			list, more, err := s.DescribeLookupTables(ctx, scopeOf(c), l)
			if err != nil {
				return nil, err
			}
			out := &DescribeLookupTablesOutput{LookupTables: make([]LookupTable, len(list))}
			for i := range list {
				t := &list[i]
				out.LookupTables[i] = LookupTable{t.ARN(), t.Name, t.Description, t.Fields, t.Records, t.Size, t.Updated, t.KMSKey}
			}
			if more {
				out.NextToken = nameToken(list[len(list)-1].Name)
			}
			return out, nil
		})
}

func (in *DescribeLookupTablesInput) list() (logs.LookupTableList, error) {
	l := logs.LookupTableList{Limit: describeTables}
	var v validate.Checks
	if in.LookupTableNamePrefix != nil {
		l.Prefix = *in.LookupTableNamePrefix
		checkTableName(&v, "lookupTableNamePrefix", l.Prefix)
	}
	if in.MaxResults != nil {
		l.Limit = *in.MaxResults
		v.Range("maxResults", int64(l.Limit), 1, maxDescribeTables)
	}
	if err := v.Err(codeParameter); err != nil {
		return l, err
	}
	var err error
	l.After, err = fromNameToken(in.NextToken)
	return l, err
}
