package workmailapi

import (
	"context"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	logsapi "waybill/internal/api/logs"
	"waybill/internal/arn"
	"waybill/internal/awserr"
	"waybill/internal/workmail"
)

// DefaultRetentionDays is the retention of the default log group.
const DefaultRetentionDays = 30

// DefaultLogGroup is the log group of the default settings.
func DefaultLogGroup(alias string) string { return "/aws/workmail/emailevents/" + alias }

// EnableDefaults turns an organization's event logging on with the default
// settings: the service-linked role, the log group and its retention of 30 days
// are created in the caller's name, each by the operation that everybody has, and
// left alone where they are there already. Doing it again changes nothing.
func EnableDefaults(ctx context.Context, door *api.Door, call *api.Call, id, alias string) error {
	_, err := api.Invoke[iamapi.RoleOutput](ctx, door, call, "iam", "CreateServiceLinkedRole",
		&iamapi.CreateServiceLinkedRoleInput{AWSServiceName: workmail.ServicePrincipal})
	if err != nil && !awserr.HasCode(err, "InvalidInput") {
		return err
	}
	group, days := DefaultLogGroup(alias), DefaultRetentionDays
	_, err = api.Invoke[logsapi.Empty](ctx, door, call, "logs", "CreateLogGroup", &logsapi.CreateLogGroupInput{LogGroupName: &group})
	switch {
	case err == nil:
		_, err = api.Invoke[logsapi.Empty](ctx, door, call, "logs", "PutRetentionPolicy",
			&logsapi.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: &days})
		if err != nil {
			return err
		}
	case !awserr.HasCode(err, "ResourceAlreadyExistsException"):
		return err
	}
	role := arn.IAM(call.Caller.Account, "role", "/aws-service-role/"+workmail.ServicePrincipal+"/", serviceLinkedRole)
	_, err = api.Invoke[Empty](ctx, door, call, "workmail", "PutEmailMonitoringConfiguration", &PutEmailMonitoringConfigurationInput{
		OrganizationId: id, LogGroupArn: arn.LogGroup(call.Region, call.Caller.Account, group) + ":*", RoleArn: role,
	})
	return err
}
