package logsapi_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// What is not there says so in the operation's own terms, and SDKs read it.
func TestWhatIsNotThereYet(t *testing.T) {
	c := newServer(t).admin(t)
	ctx := t.Context()
	name, arn := aws.String("x"), aws.String("arn:aws:s3:::bucket")
	_, err := c.CreateExportTask(ctx, &cwl.CreateExportTaskInput{LogGroupName: name, Destination: name, From: aws.Int64(0), To: aws.Int64(1)})
	wantError(t, err, "InvalidParameterException", "CreateExportTask is not available: this server does not export log events to Amazon S3 yet.")
	tasks, err := c.DescribeExportTasks(ctx, &cwl.DescribeExportTasksInput{})
	must(t, err)
	if tasks.ExportTasks == nil || len(tasks.ExportTasks) != 0 {
		t.Errorf("export tasks %v", tasks.ExportTasks)
	}
	_, err = c.CancelExportTask(ctx, &cwl.CancelExportTaskInput{TaskId: name})
	wantError(t, err, "ResourceNotFoundException", "The specified export task does not exist.")

	_, err = c.PutDestination(ctx, &cwl.PutDestinationInput{DestinationName: name, TargetArn: arn, RoleArn: arn})
	wantError(t, err, "InvalidParameterException", "PutDestination is not available")
	destinations, err := c.DescribeDestinations(ctx, &cwl.DescribeDestinationsInput{})
	must(t, err)
	if destinations.Destinations == nil || len(destinations.Destinations) != 0 {
		t.Errorf("destinations %v", destinations.Destinations)
	}
	_, err = c.PutDeliverySource(ctx, &cwl.PutDeliverySourceInput{Name: name, LogType: name, ResourceArn: arn})
	wantError(t, err, "ValidationException", "PutDeliverySource is not available")
	_, err = c.PutDeliveryDestination(ctx, &cwl.PutDeliveryDestinationInput{Name: name, DeliveryDestinationConfiguration: &types.DeliveryDestinationConfiguration{DestinationResourceArn: arn}})
	wantError(t, err, "ValidationException", "PutDeliveryDestination is not available")
	_, err = c.CreateDelivery(ctx, &cwl.CreateDeliveryInput{DeliverySourceName: name, DeliveryDestinationArn: arn})
	wantError(t, err, "ValidationException", "CreateDelivery is not available")
	_, err = c.GetDelivery(ctx, &cwl.GetDeliveryInput{Id: name})
	wantError(t, err, "ResourceNotFoundException", "The specified delivery does not exist.")
	deliveries, err := c.DescribeDeliveries(ctx, &cwl.DescribeDeliveriesInput{})
	must(t, err)
	if deliveries.Deliveries == nil || len(deliveries.Deliveries) != 0 {
		t.Errorf("deliveries %v", deliveries.Deliveries)
	}
	_, err = c.PutTransformer(ctx, &cwl.PutTransformerInput{LogGroupIdentifier: name, TransformerConfig: []types.Processor{{}}})
	wantError(t, err, "UnknownOperationException", "PutTransformer")
}

// Nobody gets anything out of any operation without permission.
func TestEveryOperationNeedsPermission(t *testing.T) {
	v := newServer(t)
	admin := v.admin(t)
	makeGroup(t, admin, "__LogGroupName__", "__LogStreamName__")
	v.client(t, account, "nobody", `{"Effect":"Deny","Action":"*","Resource":"*"}`)
	denied := 0
	for _, s := range snapshots(t) {
		if status, answer := v.postAs(t, "AKIDnobody", s); status == 200 {
			t.Errorf("%s answered %v", s.operation, answer)
		} else if answer["__type"] == "AccessDeniedException" {
			denied++
		}
	}
	if denied < 40 {
		t.Errorf("%d operations were denied; the others did not come that far", denied)
	}
}

func TestGetLogRecordOverTheWire(t *testing.T) {
	v := newServer(t)
	c := v.admin(t)
	ctx := t.Context()
	makeGroup(t, c, "g", "s")
	putNow(t, c, "g", "s", `{"event":{"recipients":["a","b"]}}`)
	ptr := ""
	for _, f := range answer(t, c, query(t, c, cwl.StartQueryInput{LogGroupName: aws.String("g")}, "fields @message")).Results[0] {
		if *f.Field == "@ptr" {
			ptr = *f.Value
		}
	}
	out, err := c.GetLogRecord(ctx, &cwl.GetLogRecordInput{LogRecordPointer: &ptr})
	must(t, err)
	if r := out.LogRecord; r["event.recipients.1"] != "b" || r["@log"] != account+":g" || r["@logStream"] != "s" || !strings.HasPrefix(r["@message"], "{") {
		t.Errorf("record %v", r)
	}
	_, err = c.GetLogRecord(ctx, &cwl.GetLogRecordInput{LogRecordPointer: aws.String("x")})
	wantError(t, err, "InvalidParameterException", "logRecordPointer")
	stranger := v.client(t, account, "stranger", `{"Effect":"Allow","Action":"logs:GetLogRecord","Resource":"`+groupARN+`other:*"}`)
	_, err = stranger.GetLogRecord(ctx, &cwl.GetLogRecordInput{LogRecordPointer: &ptr})
	wantError(t, err, "AccessDeniedException", groupARN+"g")
}
