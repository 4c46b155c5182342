package logsapi

import (
	"context"
	"regexp"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/awserr"
	"waybill/internal/logs"
)

// CreateLogGroupInput is CloudWatch Logs'. kmsKeyId is kept and shown; Waybill
// encrypts nothing with it.
type CreateLogGroupInput struct {
	LogGroupName              *string           `json:"logGroupName"`
	KmsKeyID                  string            `json:"kmsKeyId,omitempty"`
	LogGroupClass             string            `json:"logGroupClass,omitempty"`
	DeletionProtectionEnabled bool              `json:"deletionProtectionEnabled,omitempty"`
	Tags                      map[string]string `json:"tags,omitempty"`
}

// GroupInput is the input of operations that only name a group.
type GroupInput struct {
	LogGroupName *string `json:"logGroupName"`
}

// DescribeLogGroupsInput is CloudWatch Logs'. No accounts are linked here, so
// includeLinkedAccounts adds none and other accountIdentifiers find nothing.
type DescribeLogGroupsInput struct {
	AccountIdentifiers    []string `json:"accountIdentifiers,omitempty"`
	IncludeLinkedAccounts bool     `json:"includeLinkedAccounts,omitempty"`
	Limit                 *int     `json:"limit,omitempty"`
	LogGroupClass         string   `json:"logGroupClass,omitempty"`
	LogGroupIdentifiers   []string `json:"logGroupIdentifiers,omitempty"`
	LogGroupNamePattern   string   `json:"logGroupNamePattern,omitempty"`
	LogGroupNamePrefix    string   `json:"logGroupNamePrefix,omitempty"`
	NextToken             string   `json:"nextToken,omitempty"`
}

// DescribeLogGroupsOutput is CloudWatch Logs'.
type DescribeLogGroupsOutput struct {
	LogGroups []LogGroup `json:"logGroups"`
	NextToken string     `json:"nextToken,omitempty"`
}

// LogGroup is an entry of DescribeLogGroups.
type LogGroup struct {
	LogGroupName              string `json:"logGroupName"`
	CreationTime              int64  `json:"creationTime"`
	RetentionInDays           int    `json:"retentionInDays,omitempty"`
	MetricFilterCount         int    `json:"metricFilterCount"`
	ARN                       string `json:"arn"`
	StoredBytes               int64  `json:"storedBytes"`
	KmsKeyID                  string `json:"kmsKeyId,omitempty"`
	LogGroupClass             string `json:"logGroupClass"`
	LogGroupArn               string `json:"logGroupArn"`
	DeletionProtectionEnabled bool   `json:"deletionProtectionEnabled"`
}

func logGroup(g *logs.Group) LogGroup {
	return LogGroup{
		LogGroupName: g.Name, CreationTime: g.Created, RetentionInDays: g.RetentionDays, ARN: g.ARN() + ":*", StoredBytes: g.StoredBytes,
		MetricFilterCount: g.MetricFilters, KmsKeyID: g.KMSKey, LogGroupClass: g.Class, LogGroupArn: g.ARN(), DeletionProtectionEnabled: g.Protected,
	}
}

// classes are names only: every log group has all features.
var classes = []string{"STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"}

func createLogGroup(s *logs.Service) api.Operation {
	return define("CreateLogGroup",
		func(c *api.Call, in *CreateLogGroupInput) (target, error) {
			t, err := inGroup(c, in.LogGroupName)
			if err != nil {
				return t, err
			}
			var v validate.Checks
			if in.LogGroupClass != "" {
				v.OneOf("logGroupClass", in.LogGroupClass, classes...)
			}
			v.Length("kmsKeyId", in.KmsKeyID, 0, 256)
			checkTags(&v, in.Tags)
			t.tags, t.alsoTags = in.Tags, len(in.Tags) > 0
			return t, v.Err(codeParameter)
		},
		func(ctx context.Context, t target, in *CreateLogGroupInput) (*Empty, error) {
			return nil, s.CreateLogGroup(ctx, t.Scope, logs.NewGroup{
				Name: t.group, Class: in.LogGroupClass, KMSKey: in.KmsKeyID, Protected: in.DeletionProtectionEnabled, Tags: in.Tags,
			})
		})
}

func deleteLogGroup(s *logs.Service) api.Operation {
	return define("DeleteLogGroup", onGroup,
		func(ctx context.Context, t target, _ *GroupInput) (*Empty, error) {
			return nil, s.DeleteLogGroup(ctx, t.Scope, t.group)
		})
}

func onGroup(c *api.Call, in *GroupInput) (target, error) { return inGroup(c, in.LogGroupName) }

// describePage is the largest page of groups and streams.
const describePage = 50

func describeLogGroups(s *logs.Service) api.Operation {
	return define("DescribeLogGroups",
		func(c *api.Call, in *DescribeLogGroupsInput) (target, error) {
			return target{Scope: scopeOf(c)}, in.check()
		},
		func(ctx context.Context, t target, in *DescribeLogGroupsInput) (*DescribeLogGroupsOutput, error) {
			if len(in.LogGroupIdentifiers) > 0 {
				return describeIdentified(ctx, s, t, in)
			}
			limit, err := limitOr(in.Limit, describePage, describePage)
			if err != nil {
				return nil, err
			}
			after, err := fromNameToken(in.NextToken)
			if err != nil {
				return nil, err
			}
			if elsewhere(t, in.IncludeLinkedAccounts, in.AccountIdentifiers) {
				return &DescribeLogGroupsOutput{LogGroups: []LogGroup{}}, nil
			}
			groups, more, err := s.DescribeLogGroups(ctx, t.Scope, logs.GroupList{
				Prefix: in.LogGroupNamePrefix, Pattern: in.LogGroupNamePattern, Class: in.LogGroupClass, After: after, Limit: limit,
			})
			if err != nil {
				return nil, err
			}
			out := &DescribeLogGroupsOutput{LogGroups: make([]LogGroup, 0, len(groups))}
			for i := range groups {
				out.LogGroups = append(out.LogGroups, logGroup(&groups[i]))
			}
			if more {
				out.NextToken = nameToken(groups[len(groups)-1].Name)
			}
			return out, nil
		})
}

var namePart = regexp.MustCompile(`\A[\.\-_/#A-Za-z0-9]*\z`)

func (in *DescribeLogGroupsInput) check() error {
	var v validate.Checks
	checkAccounts(&v, in.AccountIdentifiers)
	if in.LogGroupClass != "" {
		v.OneOf("logGroupClass", in.LogGroupClass, classes...)
	}
	v.Length("logGroupNamePrefix", in.LogGroupNamePrefix, 0, maxName)
	v.Pattern("logGroupNamePrefix", in.LogGroupNamePrefix, namePart, groupNameFormat)
	v.Length("logGroupNamePattern", in.LogGroupNamePattern, 0, maxName)
	v.Pattern("logGroupNamePattern", in.LogGroupNamePattern, namePart, `[\.\-_/#A-Za-z0-9]*`)
	return v.Err(codeParameter)
}

// describeIdentified answers for the groups named, of the caller's account;
// those that do not exist are left out.
func describeIdentified(ctx context.Context, s *logs.Service, t target, in *DescribeLogGroupsInput) (*DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePrefix != "" || in.LogGroupNamePattern != "" {
		return nil, awserr.New(codeParameter, "logGroupIdentifiers cannot be combined with a log group name prefix or pattern.")
	}
	var v validate.Checks
	validate.Count(&v, "logGroupIdentifiers", in.LogGroupIdentifiers, 1, describePage)
	if err := v.Err(codeParameter); err != nil {
		return nil, err
	}
	out := &DescribeLogGroupsOutput{LogGroups: []LogGroup{}}
	for _, id := range in.LogGroupIdentifiers {
		call := &api.Call{Region: t.Region}
		call.Caller.Account = t.Account
		found, err := identified(call, nil, &id)
		if awserr.HasCode(err, "ResourceNotFoundException") || err == nil && found.Account != t.Account {
			continue
		}
		if err != nil {
			return nil, err
		}
		g, err := s.Group(ctx, found.Scope, found.group)
		if awserr.HasCode(err, "ResourceNotFoundException") {
			continue
		}
		if err != nil {
			return nil, err
		}
		out.LogGroups = append(out.LogGroups, logGroup(&g))
	}
	return out, nil
}

// PutRetentionPolicyInput is CloudWatch Logs'.
type PutRetentionPolicyInput struct {
	LogGroupName    *string `json:"logGroupName"`
	RetentionInDays *int    `json:"retentionInDays"`
}

func putRetentionPolicy(s *logs.Service) api.Operation {
	return define("PutRetentionPolicy",
		func(c *api.Call, in *PutRetentionPolicyInput) (target, error) {
			t, err := inGroup(c, in.LogGroupName)
			if err == nil && in.RetentionInDays == nil {
				err = validate.Missing(codeParameter, "retentionInDays")
			}
			return t, err
		},
		func(ctx context.Context, t target, in *PutRetentionPolicyInput) (*Empty, error) {
			return nil, s.PutRetentionPolicy(ctx, t.Scope, t.group, *in.RetentionInDays)
		})
}

func deleteRetentionPolicy(s *logs.Service) api.Operation {
	return define("DeleteRetentionPolicy", onGroup,
		func(ctx context.Context, t target, _ *GroupInput) (*Empty, error) {
			return nil, s.DeleteRetentionPolicy(ctx, t.Scope, t.group)
		})
}
