package iam

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/iam/policy"
)

// The bounds of a simulation. The API reference has none for the numbers; these
// keep what one request costs within seconds, whatever it holds.
const (
	maxSimulatedActions   = 1000
	maxSimulatedResources = 500
	maxSimulatedText      = policy.MaxSize // bytes of all documents
	// simulationBudget is the bytes of documents, counted once for each decision,
	// after which a page of results ends.
	simulationBudget = 50 << 20
)

// Simulation is a question to the simulator (IAM SimulateCustomPolicy,
// SimulatePrincipalPolicy).
type Simulation struct {
	Actions []string
	// Resources are ARNs; none means "*".
	Resources []string
	// Context is the condition keys; it overrides what follows from the caller.
	Context policy.Context
	// Policies, Boundary and ResourcePolicy are documents, the last two optional.
	Policies       []string
	Boundary       []string
	ResourcePolicy string
	// ResourceOwner is an account or its root's ARN, for resources whose ARN has none.
	ResourceOwner string
	// CallerARN is the user, group or role that asks; empty for nobody in particular.
	CallerARN string
	// First and Most choose the actions to decide: the page.
	First, Most int
}

// Simulated is the outcome for one action.
type Simulated struct {
	Action  string
	Results []SimulatedResource
}

// SimulatedResource is the outcome for one action on one resource.
type SimulatedResource struct {
	Resource string
	Effect   policy.Effect
	// Matched are the statements that make the effect.
	Matched []policy.Match
	// Missing are the condition keys that statements read and nobody gave.
	Missing []string
	// Boundary says whether the permissions boundary allows; nil without one.
	Boundary *bool
	// CrossAccount says that the resource is another account's than the caller's;
	// Details then has the effect of each kind of policy by itself.
	CrossAccount bool
	Details      map[policy.Source]policy.Effect
}

func invalidInput(format string, args ...any) error {
	return awserr.New(CodeInvalidInput, format, args...)
}

// SimulateCustomPolicy decides by the documents given and nothing else. more
// says that actions are left after those of the results.
func (s *Service) SimulateCustomPolicy(ctx context.Context, account string, q Simulation) (results []Simulated, more bool, err error) {
	if q.ResourcePolicy != "" && q.CallerARN == "" {
		return nil, false, invalidInput("CallerArn is required with a ResourcePolicy.")
	}
	if len(q.Policies) == 0 && len(q.Boundary) == 0 {
		return nil, false, invalidInput("PolicyInputList must not be empty.")
	}
	sim := simulator{Simulation: &q, set: policy.Set{}}
	if err := sim.fill(account); err != nil {
		return nil, false, err
	}
	return sim.run(ctx)
}

// simulator is a simulation with its documents read.
type simulator struct {
	*Simulation
	caller Principal
	set    policy.Set
	keys   policy.Context
	bytes  int
}

// fill checks the question and reads its documents into the set, after those
// that are there. account is the caller's where CallerARN says nothing.
func (m *simulator) fill(account string) error {
	if err := m.check(); err != nil {
		return err
	}
	if err := m.setCaller(account); err != nil {
		return err
	}
	given, err := m.documents("PolicyInputList", policy.Identity, m.Policies)
	if err != nil {
		return err
	}
	m.set.Identity = append(m.set.Identity, given...)
	if len(m.Boundary) > 0 {
		m.set.HasBoundary = true
		if m.set.Boundary, err = m.documents("PermissionsBoundaryPolicyInputList", policy.Identity, m.Boundary); err != nil {
			return err
		}
	}
	if m.ResourcePolicy != "" {
		if m.set.Resource, err = m.documents("ResourcePolicy", policy.Resource, []string{m.ResourcePolicy}); err != nil {
			return err
		}
		m.set.Resource[0].Name = "ResourcePolicy"
	}
	return nil
}

// setKeys puts the condition keys together: those that follow from the caller,
// and over them those given.
func (m *simulator) setKeys() {
	m.keys = policy.Context{}
	if m.CallerARN != "" {
		m.keys = contextOf(&m.caller, nil)
	}
	for key, values := range m.Context {
		m.keys[strings.ToLower(key)] = values
	}
}

// documents reads policies of a list; they are named as the simulator names them.
func (m *simulator) documents(list string, kind policy.Kind, texts []string) ([]policy.Named, error) {
	var named []policy.Named
	for i, text := range texts {
		doc, err := policy.Parse(kind, []byte(text))
		var e *awserr.Error
		if errors.As(err, &e) {
			return nil, invalidInput("%s.%d: %s", list, i+1, e.Message)
		}
		if m.bytes += len(text); m.bytes > maxSimulatedText {
			return nil, invalidInput("The policies together are longer than %d bytes.", maxSimulatedText)
		}
		named = append(named, policy.Named{Name: fmt.Sprintf("%s.%d", list, i+1), Document: doc})
	}
	return named, nil
}

func (m *simulator) check() error {
	if len(m.Resources) == 0 {
		m.Resources = []string{"*"}
	}
	switch {
	case len(m.Actions) == 0:
		return invalidInput("ActionNames must not be empty.")
	case len(m.Actions) > maxSimulatedActions:
		return invalidInput("ActionNames must not have more than %d members.", maxSimulatedActions)
	case len(m.Resources) > maxSimulatedResources:
		return invalidInput("ResourceArns must not have more than %d members.", maxSimulatedResources)
	case len(m.Boundary) > 1:
		return invalidInput("PermissionsBoundaryPolicyInputList must not have more than 1 member.")
	}
	for _, a := range m.Actions {
		service, name, ok := strings.Cut(a, ":")
		if !ok || service == "" || name == "" || len(a) > 128 || strings.ContainsAny(a, "*? ") || strings.Contains(name, ":") {
			return invalidInput("Invalid action name: %q. An action is a service and an operation, such as iam:CreateUser.", a)
		}
	}
	for _, r := range m.Resources {
		if _, err := arn.Parse(r); r != "*" && err != nil || len(r) > 2048 {
			return invalidInput("Invalid resource ARN: %q.", r)
		}
	}
	return nil
}

// setCaller makes the caller of CallerARN.
func (m *simulator) setCaller(account string) error {
	m.caller.Account = account
	if m.CallerARN == "" {
		return nil
	}
	a, err := arn.Parse(m.CallerARN)
	kind, path, _ := strings.Cut(a.Resource, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	if err != nil || a.Service != "iam" || !accountNum.MatchString(a.Account) || name == "" || strings.ContainsAny(path, "*?") {
		return invalidInput("Invalid CallerArn: %q. The caller is a user, a group or a role.", m.CallerARN)
	}
	switch kind {
	case "user":
		m.caller = Principal{Type: TypeUser, Account: a.Account, ARN: m.CallerARN, Name: name}
	case "role":
		m.caller = Principal{Type: TypeAssumedRole, Account: a.Account, RoleARN: m.CallerARN, Name: name}
	case "group":
		m.caller = Principal{Account: a.Account}
	default:
		return invalidInput("Invalid CallerArn: %q. The caller is a user, a group or a role.", m.CallerARN)
	}
	return nil
}

// run decides the page's actions, fewer if they cost too much.
func (m *simulator) run(ctx context.Context) (results []Simulated, more bool, err error) {
	m.setKeys()
	actions := m.Actions[min(m.First, len(m.Actions)):]
	spent := 0
	for i, action := range actions {
		if i == m.Most || i > 0 && spent > simulationBudget {
			return results, true, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		one := Simulated{Action: action}
		for _, resource := range m.Resources {
			one.Results = append(one.Results, m.decide(action, resource))
			spent += m.bytes
		}
		results = append(results, one)
	}
	return results, false, nil
}

func (m *simulator) decide(action, resource string) SimulatedResource {
	r := &policy.Request{Action: action, Resource: resource, Subject: m.caller.subject(), Context: m.keys}
	set := m.set
	set.ResourceAccount = m.owner(resource)
	d := policy.Evaluate(r, &set)
	out := SimulatedResource{Resource: resource, Effect: d.Effect, Missing: policy.MissingKeys(r, &set),
		CrossAccount: set.ResourceAccount != "" && set.ResourceAccount != m.caller.Account}
	all := policy.Matches(r, &set)
	for _, match := range all {
		switch {
		case d.Effect == policy.ExplicitDeny && match.Deny,
			d.Effect == policy.Allow && !match.Deny && match.Source != policy.SourceBoundary:
			out.Matched = append(out.Matched, match)
		}
	}
	details := effects(all)
	if set.HasBoundary {
		allows := details[policy.SourceBoundary] == policy.Allow
		out.Boundary = &allows
	}
	if out.CrossAccount {
		out.Details = map[policy.Source]policy.Effect{
			policy.SourceIdentity: details[policy.SourceIdentity], policy.SourceResource: details[policy.SourceResource]}
		if set.HasBoundary {
			out.Details[policy.SourceBoundary] = details[policy.SourceBoundary]
		}
	}
	return out
}

// owner is the account of the resource, or empty for the caller's: without a
// resource policy another account's resources are simulated as the caller's,
// because the simulator fetches no policies of theirs.
func (m *simulator) owner(resource string) string {
	if m.ResourcePolicy == "" {
		return ""
	}
	if a, err := arn.Parse(resource); err == nil && a.Account != "" {
		return a.Account
	}
	if a, err := arn.Parse(m.ResourceOwner); err == nil {
		return a.Account
	}
	return m.ResourceOwner
}

// effects is what each kind of policy says by itself.
func effects(matches []policy.Match) map[policy.Source]policy.Effect {
	out := map[policy.Source]policy.Effect{}
	for _, m := range matches {
		switch {
		case m.Deny:
			out[m.Source] = policy.ExplicitDeny
		case out[m.Source] == policy.ImplicitDeny:
			out[m.Source] = policy.Allow
		}
	}
	return out
}

// CustomContextKeys returns the condition keys that documents read, sorted (IAM
// GetContextKeysForCustomPolicy).
func CustomContextKeys(documents []string) ([]string, error) {
	m := simulator{Simulation: &Simulation{}}
	named, err := m.documents("PolicyInputList", policy.Identity, documents)
	if err != nil {
		return nil, err
	}
	return policy.ContextKeysOf(named), nil
}
