package iamapi

import (
	"context"
	"encoding/base64"
	"strconv"

	"waybill/internal/api"
	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

// ContextEntry is a condition key with its values.
type ContextEntry struct {
	ContextKeyName   string
	ContextKeyValues []string
	ContextKeyType   string
}

// SimulateInput is what both simulations take. PolicyExclusionList and
// ResourceHandlingOption are refused: nothing here has the resources of EC2.
type SimulateInput struct {
	ActionNames                        []string
	ResourceArns                       []string
	PolicyInputList                    []string
	PermissionsBoundaryPolicyInputList []string
	ContextEntries                     []ContextEntry
	ResourcePolicy                     string
	ResourceOwner                      string
	CallerArn                          string
	ResourceHandlingOption             string
	PolicyExclusionList                []Empty
	Page
}

// SimulateOutput is IAM's; there is one result for each action.
type SimulateOutput struct {
	EvaluationResults []EvaluationResult
	Paged
}

// EvaluationResult is the outcome for one action on all resources together.
type EvaluationResult struct {
	EvalActionName string
	// EvalResourceName is the resource if there is only one, and "*" otherwise.
	EvalResourceName                  string
	EvalDecision                      string
	MatchedStatements                 []MatchedStatement
	MissingContextValues              []string
	EvalDecisionDetails               map[string]string
	PermissionsBoundaryDecisionDetail *BoundaryDetail
	ResourceSpecificResults           []ResourceResult
}

// ResourceResult is the outcome for one action on one resource.
type ResourceResult struct {
	EvalResourceName                  string
	EvalResourceDecision              string
	MatchedStatements                 []MatchedStatement
	MissingContextValues              []string
	EvalDecisionDetails               map[string]string
	PermissionsBoundaryDecisionDetail *BoundaryDetail
}

// BoundaryDetail says what the permissions boundary makes of it.
type BoundaryDetail struct{ AllowedByPermissionsBoundary bool }

// MatchedStatement names a statement by its policy and its place there.
type MatchedStatement struct {
	SourcePolicyId, SourcePolicyType string
	StartPosition, EndPosition       policy.Position
}

// sourceTypes are the kinds of policy as the simulator has them on the wire,
// which is not as its model lists them.
var sourceTypes = map[policy.Source]string{
	policy.SourceIdentity: "IAM Policy",
	policy.SourceBoundary: "Permissions Boundary Policy",
	policy.SourceResource: "Resource Policy",
}

// contextTypes are the types of condition keys; those that end in List have several values.
var contextTypes = map[string]bool{
	"string": false, "numeric": false, "boolean": false, "ip": false, "binary": false, "date": false,
	"stringList": true, "numericList": true, "booleanList": true, "ipList": true, "binaryList": true, "dateList": true,
}

// question is the input in iam's terms.
func (in *SimulateInput) question() (q iam.Simulation, err error) {
	q = iam.Simulation{
		Actions: in.ActionNames, Resources: in.ResourceArns, Context: policy.Context{}, Policies: in.PolicyInputList,
		Boundary: in.PermissionsBoundaryPolicyInputList, ResourcePolicy: in.ResourcePolicy, ResourceOwner: in.ResourceOwner, CallerARN: in.CallerArn,
	}
	switch {
	case len(in.PolicyExclusionList) > 0:
		return q, awserr.New(iam.CodeInvalidInput, "PolicyExclusionList is not supported.")
	case in.ResourceHandlingOption != "":
		return q, awserr.New(iam.CodeInvalidInput, "ResourceHandlingOption %q is not supported.", in.ResourceHandlingOption)
	}
	for _, e := range in.ContextEntries {
		list, known := contextTypes[e.ContextKeyType]
		if !known || e.ContextKeyName == "" || !list && len(e.ContextKeyValues) > 1 {
			return q, awserr.New(iam.CodeInvalidInput, "Invalid context entry: %q with %d values of type %q.",
				e.ContextKeyName, len(e.ContextKeyValues), e.ContextKeyType)
		}
		q.Context.Add(e.ContextKeyName, e.ContextKeyValues...)
	}
	after, limit, err := in.bounds()
	if err != nil {
		return q, err
	}
	q.Most = limit
	if after != "" {
		if q.First, err = strconv.Atoi(after); err != nil || q.First < 0 {
			return q, awserr.New(iam.CodeValidation, "Invalid Marker.")
		}
	}
	return q, nil
}

func output(q iam.Simulation, results []iam.Simulated, more bool) *SimulateOutput {
	out := &SimulateOutput{EvaluationResults: shown(results, func(r *iam.Simulated) EvaluationResult { return evaluationResult(r) })}
	if more {
		next := strconv.Itoa(q.First + len(results))
		out.Paged = Paged{true, base64.RawURLEncoding.EncodeToString([]byte(next))}
	}
	return out
}

// evaluationResult is the most restrictive of an action's outcomes, with every
// statement that makes it, and each by itself unless all resources were meant.
func evaluationResult(r *iam.Simulated) EvaluationResult {
	effect := policy.Allow
	for _, one := range r.Results {
		effect = stricter(effect, one.Effect)
	}
	out := EvaluationResult{EvalActionName: r.Action, EvalResourceName: "*", EvalDecision: effect.String(),
		MatchedStatements: []MatchedStatement{}, MissingContextValues: []string{}}
	if len(r.Results) == 1 {
		out.EvalResourceName = r.Results[0].Resource
	}
	details := map[policy.Source]policy.Effect{}
	for i := range r.Results {
		one := &r.Results[i]
		if one.Effect == effect {
			out.MatchedStatements = union(out.MatchedStatements, matched(one.Matched))
		}
		out.MissingContextValues = union(out.MissingContextValues, one.Missing)
		for source, e := range one.Details {
			if have, ok := details[source]; ok {
				e = stricter(have, e)
			}
			details[source] = e
		}
		if one.Boundary != nil {
			all := out.PermissionsBoundaryDecisionDetail == nil || out.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary
			out.PermissionsBoundaryDecisionDetail = &BoundaryDetail{all && *one.Boundary}
		}
		if one.Resource != "*" || len(r.Results) > 1 {
			out.ResourceSpecificResults = append(out.ResourceSpecificResults, resourceResult(one))
			out.EvalDecisionDetails = shownDetails(details)
		}
	}
	return out
}

func resourceResult(r *iam.SimulatedResource) ResourceResult {
	out := ResourceResult{EvalResourceName: r.Resource, EvalResourceDecision: r.Effect.String(),
		MatchedStatements: matched(r.Matched), MissingContextValues: append([]string{}, r.Missing...)}
	if r.CrossAccount {
		out.EvalDecisionDetails = shownDetails(r.Details)
	}
	if r.Boundary != nil {
		out.PermissionsBoundaryDecisionDetail = &BoundaryDetail{*r.Boundary}
	}
	return out
}

// stricter is the more restrictive of two effects.
func stricter(a, b policy.Effect) policy.Effect {
	order := map[policy.Effect]int{policy.Allow: 0, policy.ImplicitDeny: 1, policy.ExplicitDeny: 2}
	if order[b] > order[a] {
		return b
	}
	return a
}

// union appends what is not there yet.
func union[T comparable](list, more []T) []T {
	seen := make(map[T]bool, len(list))
	for _, v := range list {
		seen[v] = true
	}
	for _, v := range more {
		if !seen[v] {
			list = append(list, v)
		}
	}
	return list
}

func shownDetails(details map[policy.Source]policy.Effect) map[string]string {
	out := make(map[string]string, len(details))
	for source, effect := range details {
		out[sourceTypes[source]] = effect.String()
	}
	return out
}

func matched(list []policy.Match) []MatchedStatement {
	return shown(list, func(m *policy.Match) MatchedStatement {
		begin, end := m.Policy.Document.Span(m.Statement)
		return MatchedStatement{m.Policy.Name, sourceTypes[m.Source], begin, end}
	})
}

func simulateOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		simulateCustomPolicy(s), simulatePrincipalPolicy(s), getContextKeysForCustomPolicy(), getContextKeysForPrincipalPolicy(s),
	}
}

func simulateCustomPolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "SimulateCustomPolicy",
		func(*api.Call, *SimulateInput) ([]api.Need, error) {
			return []api.Need{{Action: "iam:SimulateCustomPolicy", Resource: "*"}}, nil
		},
		func(ctx context.Context, c *api.Call, in *SimulateInput) (*SimulateOutput, error) {
			q, err := in.question()
			if err != nil {
				return nil, err
			}
			results, more, err := s.SimulateCustomPolicy(ctx, c.Caller.Account, q)
			if err != nil {
				return nil, err
			}
			return output(q, results, more), nil
		})
}

// SimulatePrincipalInput is IAM's SimulatePrincipalPolicy.
type SimulatePrincipalInput struct {
	PolicySourceArn string
	SimulateInput
}

func simulatePrincipalPolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "SimulatePrincipalPolicy",
		func(_ *api.Call, in *SimulatePrincipalInput) ([]api.Need, error) {
			return onSource("SimulatePrincipalPolicy", in.PolicySourceArn)
		},
		func(ctx context.Context, c *api.Call, in *SimulatePrincipalInput) (*SimulateOutput, error) {
			q, err := in.question()
			if err != nil {
				return nil, err
			}
			results, more, err := s.SimulatePrincipalPolicy(ctx, c.Caller.Account, in.PolicySourceArn, q)
			if err != nil {
				return nil, err
			}
			return output(q, results, more), nil
		})
}

// onSource needs an action on the entity whose policies are asked about.
func onSource(action, source string) ([]api.Need, error) {
	if err := required(source, "policySourceArn"); err != nil {
		return nil, err
	}
	return []api.Need{{Action: "iam:" + action, Resource: source}}, nil
}

// PrincipalKeysInput is IAM's GetContextKeysForPrincipalPolicy.
type PrincipalKeysInput struct {
	PolicySourceArn string
	PolicyInputList []string
}

func getContextKeysForPrincipalPolicy(s *iam.Service) api.Operation {
	return api.Define("iam", "GetContextKeysForPrincipalPolicy",
		func(_ *api.Call, in *PrincipalKeysInput) ([]api.Need, error) {
			return onSource("GetContextKeysForPrincipalPolicy", in.PolicySourceArn)
		},
		func(ctx context.Context, c *api.Call, in *PrincipalKeysInput) (*ContextKeysOutput, error) {
			names, err := s.PrincipalContextKeys(ctx, c.Caller.Account, in.PolicySourceArn, in.PolicyInputList)
			return &ContextKeysOutput{append([]string{}, names...)}, err
		})
}

// ContextKeysInput is IAM's GetContextKeysForCustomPolicy.
type ContextKeysInput struct{ PolicyInputList []string }

// ContextKeysOutput is IAM's.
type ContextKeysOutput struct{ ContextKeyNames []string }

func getContextKeysForCustomPolicy() api.Operation {
	return api.Define("iam", "GetContextKeysForCustomPolicy",
		func(*api.Call, *ContextKeysInput) ([]api.Need, error) {
			return []api.Need{{Action: "iam:GetContextKeysForCustomPolicy", Resource: "*"}}, nil
		},
		func(_ context.Context, _ *api.Call, in *ContextKeysInput) (*ContextKeysOutput, error) {
			names, err := iam.CustomContextKeys(in.PolicyInputList)
			return &ContextKeysOutput{append([]string{}, names...)}, err
		})
}
