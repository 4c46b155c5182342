package api

import (
	"cmp"
	"fmt"
	"slices"
)

type operationKey struct{ service, name string }

// Registry holds the operations that the door knows. It is filled at start and
// only read afterwards.
type Registry struct {
	operations map[operationKey]Operation
}

// NewRegistry returns a registry of the given operations. Two of one name in one
// service are an error, as is one without a service or a name.
func NewRegistry(groups ...[]Operation) (*Registry, error) {
	r := &Registry{operations: make(map[operationKey]Operation)}
	for _, group := range groups {
		for _, op := range group {
			if err := r.add(op); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func (r *Registry) add(op Operation) error {
	key := operationKey{op.Service, op.Name}
	if op.Service == "" || op.Name == "" || op.newInput == nil {
		return fmt.Errorf("register operation %s:%s: it was not made by Define with a service and a name", op.Service, op.Name)
	}
	if _, known := r.operations[key]; known {
		return fmt.Errorf("register operation %s:%s: it is registered already", op.Service, op.Name)
	}
	r.operations[key] = op
	return nil
}

// Lookup returns the operation that a service's signing name and the
// operation's name in AWS's spelling stand for.
func (r *Registry) Lookup(service, name string) (Operation, bool) {
	op, ok := r.operations[operationKey{service, name}]
	return op, ok
}

// maxBody is the largest body that an operation takes.
func (r *Registry) maxBody() int {
	most := MaxBody
	for _, op := range r.operations {
		most = max(most, op.MaxBody)
	}
	return most
}

// Operations returns all operations by service, then by name.
func (r *Registry) Operations() []Operation {
	all := make([]Operation, 0, len(r.operations))
	for _, op := range r.operations {
		all = append(all, op)
	}
	slices.SortFunc(all, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name))
	})
	return all
}
