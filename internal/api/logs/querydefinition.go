package logsapi

import (
	"context"
	"regexp"
	"strconv"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/logs"
)

// PutQueryDefinitionInput is CloudWatch Logs'. The query is not read before
// somebody runs it.
type PutQueryDefinitionInput struct {
	Name              *string          `json:"name"`
	QueryString       *string          `json:"queryString"`
	QueryDefinitionID *string          `json:"queryDefinitionId,omitempty"`
	LogGroupNames     []string         `json:"logGroupNames,omitempty"`
	ClientToken       *string          `json:"clientToken,omitempty"`
	QueryLanguage     string           `json:"queryLanguage,omitempty"`
	Parameters        []QueryParameter `json:"parameters,omitempty"`
}

// QueryParameter is CloudWatch Logs'.
type QueryParameter struct {
	Name         string  `json:"name"`
	DefaultValue *string `json:"defaultValue,omitempty"`
	Description  *string `json:"description,omitempty"`
}

// PutQueryDefinitionOutput is CloudWatch Logs'.
type PutQueryDefinitionOutput struct {
	QueryDefinitionID string `json:"queryDefinitionId"`
}

// DescribeQueryDefinitionsInput is CloudWatch Logs'.
type DescribeQueryDefinitionsInput struct {
	QueryDefinitionNamePrefix *string `json:"queryDefinitionNamePrefix,omitempty"`
	QueryLanguage             string  `json:"queryLanguage,omitempty"`
	MaxResults                *int    `json:"maxResults,omitempty"`
	NextToken                 *string `json:"nextToken,omitempty"`
}

// DescribeQueryDefinitionsOutput is CloudWatch Logs'.
type DescribeQueryDefinitionsOutput struct {
	QueryDefinitions []QueryDefinition `json:"queryDefinitions"`
	NextToken        string            `json:"nextToken,omitempty"`
}

// QueryDefinition is an entry of DescribeQueryDefinitions.
type QueryDefinition struct {
	QueryDefinitionID string           `json:"queryDefinitionId"`
	Name              string           `json:"name"`
	QueryString       string           `json:"queryString"`
	QueryLanguage     string           `json:"queryLanguage"`
	LastModified      int64            `json:"lastModified"`
	LogGroupNames     []string         `json:"logGroupNames"`
	Parameters        []QueryParameter `json:"parameters,omitempty"`
}

// DeleteQueryDefinitionInput is CloudWatch Logs'.
type DeleteQueryDefinitionInput struct {
	QueryDefinitionID *string `json:"queryDefinitionId"`
}

// DeleteQueryDefinitionOutput is CloudWatch Logs'.
type DeleteQueryDefinitionOutput struct {
	Success bool `json:"success"`
}

var (
	clientToken   = regexp.MustCompile(`\A\S{36,128}\z`)
	parameterName = regexp.MustCompile(`\A[a-zA-Z_][a-zA-Z0-9_]*\z`)
	languages     = []string{"CWLI", "SQL", "PPL"}
)

// maxDefinitions is the largest page of saved queries, and the one given where none is asked for.
const maxDefinitions = 1000

func putQueryDefinition(s *logs.Service) api.Operation {
	return define("PutQueryDefinition",
		func(c *api.Call, in *PutQueryDefinitionInput) (target, error) {
			return target{Scope: scopeOf(c)}, in.check()
		},
		func(ctx context.Context, t target, in *PutQueryDefinitionInput) (*PutQueryDefinitionOutput, error) {
			d := logs.QueryDefinition{Name: *in.Name, Query: *in.QueryString, Language: in.QueryLanguage}
			if d.Language == "" {
				d.Language = languages[0]
			}
			if in.QueryDefinitionID != nil {
				d.ID = *in.QueryDefinitionID
			}
			d.Groups = in.LogGroupNames
			for _, p := range in.Parameters {
				d.Parameters = append(d.Parameters, logs.QueryParameter{Name: p.Name, Default: p.DefaultValue, Description: p.Description})
			}
			token := ""
			if in.ClientToken != nil {
				token = *in.ClientToken
			}
			id, err := s.PutQueryDefinition(ctx, t.Scope, d, token)
			if err != nil {
				return nil, err
			}
			return &PutQueryDefinitionOutput{id}, nil
		})
}

func (in *PutQueryDefinitionInput) check() error {
	var v validate.Checks
	v.Required("name", in.Name != nil)
	v.Required("queryString", in.QueryString != nil)
	if in.Name != nil {
		v.Length("name", *in.Name, 1, 255)
	}
	if in.QueryString != nil {
		v.Length("queryString", *in.QueryString, 1, 10_000)
	}
	if in.QueryDefinitionID != nil {
		v.Length("queryDefinitionId", *in.QueryDefinitionID, 1, 256)
	}
	if in.ClientToken != nil {
		v.Pattern("clientToken", *in.ClientToken, clientToken, `\S{36,128}`)
	}
	if in.QueryLanguage != "" {
		v.OneOf("queryLanguage", in.QueryLanguage, languages...)
	}
	validate.Count(&v, "parameters", in.Parameters, 0, 20)
	for i, p := range in.Parameters {
		member := "parameters." + strconv.Itoa(i+1) + ".member.name"
		v.Length(member, p.Name, 1, 128)
		v.Pattern(member, p.Name, parameterName, `^[a-zA-Z_][a-zA-Z0-9_]*`)
	}
	if err := v.Err(codeParameter); err != nil {
		return err
	}
	for _, name := range in.LogGroupNames {
		if err := checkGroupName("logGroupNames", name); err != nil {
			return err
		}
	}
	return nil
}

func describeQueryDefinitions(s *logs.Service) api.Operation {
	return define("DescribeQueryDefinitions",
		func(c *api.Call, in *DescribeQueryDefinitionsInput) (target, error) {
			var v validate.Checks
			if in.QueryDefinitionNamePrefix != nil {
				v.Length("queryDefinitionNamePrefix", *in.QueryDefinitionNamePrefix, 1, 255)
			}
			if in.QueryLanguage != "" {
				v.OneOf("queryLanguage", in.QueryLanguage, languages...)
			}
			if in.MaxResults != nil {
				v.Range("maxResults", int64(*in.MaxResults), 1, maxDefinitions)
			}
			return target{Scope: scopeOf(c)}, v.Err(codeParameter)
		},
		func(ctx context.Context, t target, in *DescribeQueryDefinitionsInput) (*DescribeQueryDefinitionsOutput, error) {
			l := logs.QueryDefinitionList{Language: in.QueryLanguage, Limit: maxDefinitions}
			if in.MaxResults != nil {
				l.Limit = *in.MaxResults
			}
			if in.QueryDefinitionNamePrefix != nil {
				l.Prefix = *in.QueryDefinitionNamePrefix
			}
			var err error
			if l.After, l.AfterID, err = fromPairToken(in.NextToken); err != nil {
				return nil, err
			}
			list, more, err := s.DescribeQueryDefinitions(ctx, t.Scope, l)
			if err != nil {
				return nil, err
			}
			out := &DescribeQueryDefinitionsOutput{QueryDefinitions: make([]QueryDefinition, len(list))}
			for i := range list {
				out.QueryDefinitions[i] = queryDefinition(&list[i])
			}
			if more {
				last := list[len(list)-1]
				out.NextToken = pairToken(last.Name, last.ID)
			}
			return out, nil
		})
}

func queryDefinition(d *logs.QueryDefinition) QueryDefinition {
	out := QueryDefinition{
		QueryDefinitionID: d.ID, Name: d.Name, QueryString: d.Query, QueryLanguage: d.Language, LastModified: d.Modified,
		LogGroupNames: append([]string{}, d.Groups...),
	}
	for _, p := range d.Parameters {
		out.Parameters = append(out.Parameters, QueryParameter{p.Name, p.Default, p.Description})
	}
	return out
}

func deleteQueryDefinition(s *logs.Service) api.Operation {
	return define("DeleteQueryDefinition",
		func(c *api.Call, in *DeleteQueryDefinitionInput) (target, error) {
			var v validate.Checks
			v.Required("queryDefinitionId", in.QueryDefinitionID != nil)
			if in.QueryDefinitionID != nil {
				v.Length("queryDefinitionId", *in.QueryDefinitionID, 1, 256)
			}
			return target{Scope: scopeOf(c)}, v.Err(codeParameter)
		},
		func(ctx context.Context, t target, in *DeleteQueryDefinitionInput) (*DeleteQueryDefinitionOutput, error) {
			err := s.DeleteQueryDefinition(ctx, t.Scope, *in.QueryDefinitionID)
			return &DeleteQueryDefinitionOutput{Success: err == nil}, err
		})
}
