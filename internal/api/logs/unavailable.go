package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/awserr"
)

// Export tasks, destinations and deliveries send log events to other services,
// none of which Waybill reaches yet. The operations that would define one say
// so, and keep nothing; those that read find that there is none.

// notYet is an operation that refuses whatever it is asked, with the code that
// its model has for what a caller did wrong.
func notYet(name, code, what string) api.Operation {
	return define(name, everyGroup[struct{}],
		func(context.Context, target, *struct{}) (*Empty, error) {
			return nil, awserr.New(code, "%s is not available: this server does not %s yet.", name, what)
		})
}

// none is an operation that reads or changes one of what there is none of.
func none(name, what string) api.Operation {
	return define(name, everyGroup[struct{}],
		func(context.Context, target, *struct{}) (*Empty, error) {
			return nil, awserr.New("ResourceNotFoundException", "The specified %s does not exist.", what)
		})
}

// noneOf is an operation that lists what there is none of, under that member.
func noneOf(name, member string) api.Operation {
	return define(name, everyGroup[struct{}],
		func(context.Context, target, *struct{}) (*map[string][]struct{}, error) {
			return &map[string][]struct{}{member: {}}, nil
		})
}

func unavailable() []api.Operation {
	const (
		validation = "ValidationException"
		export     = "export log events to Amazon S3"
		forward    = "deliver log events to other services"
	)
	return []api.Operation{
		notYet("CreateExportTask", codeParameter, export),
		none("CancelExportTask", "export task"), noneOf("DescribeExportTasks", "exportTasks"),

		notYet("PutDestination", codeParameter, forward), notYet("PutDestinationPolicy", codeParameter, forward),
		none("DeleteDestination", "destination"), noneOf("DescribeDestinations", "destinations"),

		notYet("PutDeliverySource", validation, forward), none("GetDeliverySource", "delivery source"),
		none("DeleteDeliverySource", "delivery source"), noneOf("DescribeDeliverySources", "deliverySources"),

		notYet("PutDeliveryDestination", validation, forward), none("GetDeliveryDestination", "delivery destination"),
		none("DeleteDeliveryDestination", "delivery destination"), noneOf("DescribeDeliveryDestinations", "deliveryDestinations"),
		none("PutDeliveryDestinationPolicy", "delivery destination"), none("GetDeliveryDestinationPolicy", "delivery destination"),
		none("DeleteDeliveryDestinationPolicy", "delivery destination"),

		notYet("CreateDelivery", validation, forward), none("GetDelivery", "delivery"), none("DeleteDelivery", "delivery"),
		none("UpdateDeliveryConfiguration", "delivery"), noneOf("DescribeDeliveries", "deliveries"),
		noneOf("DescribeConfigurationTemplates", "configurationTemplates"),
	}
}
