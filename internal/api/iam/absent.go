package iamapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/iam"
)

// What IAM has and Waybill does not: the lists are there and empty, because
// clients ask for them before they delete a user (Terraform's force_destroy) or
// when they show one.

// EmptyList is the part that the outputs of such lists share.
type EmptyList struct{ IsTruncated bool }

// The outputs of the lists that are always empty.
type (
	SSHPublicKeysOutput struct {
		SSHPublicKeys []Empty
		EmptyList
	}
	MFADevicesOutput struct {
		MFADevices []Empty
		EmptyList
	}
	VirtualMFADevicesOutput struct {
		VirtualMFADevices []Empty
		EmptyList
	}
	SigningCertificatesOutput struct {
		Certificates []Empty
		EmptyList
	}
	ServiceSpecificCredentialsOutput struct{ ServiceSpecificCredentials []Empty }
)

func absentOperations(s *iam.Service) []api.Operation {
	return []api.Operation{
		noneOf(s, "ListSSHPublicKeys", &SSHPublicKeysOutput{SSHPublicKeys: []Empty{}}),
		noneOf(s, "ListMFADevices", &MFADevicesOutput{MFADevices: []Empty{}}),
		noneOf(s, "ListSigningCertificates", &SigningCertificatesOutput{Certificates: []Empty{}}),
		noneOf(s, "ListServiceSpecificCredentials", &ServiceSpecificCredentialsOutput{ServiceSpecificCredentials: []Empty{}}),
		api.Define("iam", "ListVirtualMFADevices", onAccount[Empty]("ListVirtualMFADevices"),
			func(context.Context, *api.Call, *Empty) (*VirtualMFADevicesOutput, error) {
				return &VirtualMFADevicesOutput{VirtualMFADevices: []Empty{}}, nil
			}),
	}
}

// noneOf makes a list of a user's that is always empty.
func noneOf[Out any](s *iam.Service, name string, none *Out) api.Operation {
	return onUser(s, name, (*UserInput).user, func(ctx context.Context, o iam.Owner, _ *UserInput) (*Out, error) {
		_, err := s.User(ctx, o.Account, o.Name)
		return none, err
	})
}
