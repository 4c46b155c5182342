package iamapi

import "waybill/internal/iam/policy"

// These inputs write a policy document, which the door looks at for what is odd
// about it (api.PolicyWriter).

// WrittenPolicy implements api.PolicyWriter.
func (in *CreateRoleInput) WrittenPolicy() (policy.Kind, string) {
	return policy.Trust, in.AssumeRolePolicyDocument
}

// WrittenPolicy implements api.PolicyWriter.
func (in *UpdateAssumeRolePolicyInput) WrittenPolicy() (policy.Kind, string) {
	return policy.Trust, in.PolicyDocument
}

// WrittenPolicy implements api.PolicyWriter.
func (in *OwnerInput) WrittenPolicy() (policy.Kind, string) {
	return policy.Identity, in.PolicyDocument
}

// WrittenPolicy implements api.PolicyWriter.
func (in *CreatePolicyInput) WrittenPolicy() (policy.Kind, string) {
	return policy.Identity, in.PolicyDocument
}

// WrittenPolicy implements api.PolicyWriter.
func (in *PolicyInput) WrittenPolicy() (policy.Kind, string) {
	return policy.Identity, in.PolicyDocument
}
