package logsapi

import (
	"context"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/logs"
)

// GetLogRecordInput is CloudWatch Logs'. unmask has no effect: nothing is masked.
type GetLogRecordInput struct {
	LogRecordPointer *string `json:"logRecordPointer"`
	Unmask           bool    `json:"unmask,omitempty"`
}

// GetLogRecordOutput is CloudWatch Logs'.
type GetLogRecordOutput struct {
	LogRecord map[string]string `json:"logRecord"`
}

func getLogRecord(s *logs.Service) api.Operation {
	return define("GetLogRecord",
		func(c *api.Call, in *GetLogRecordInput) (target, error) { return pointed(s, c, in.LogRecordPointer) },
		func(ctx context.Context, _ target, in *GetLogRecordInput) (*GetLogRecordOutput, error) {
			p, err := logs.ParseRecordPointer(*in.LogRecordPointer)
			if err != nil {
				return nil, err
			}
			r, err := s.LogRecord(ctx, p)
			if err != nil {
				return nil, err
			}
			return &GetLogRecordOutput{r.Fields()}, nil
		})
}

// pointed returns the log group that a pointer is about. Only the group's name
// is read, which permission is then asked for.
func pointed(s *logs.Service, c *api.Call, pointer *string) (target, error) {
	if pointer == nil {
		return target{}, validate.Missing(codeParameter, "logRecordPointer")
	}
	p, err := logs.ParseRecordPointer(*pointer)
	if err != nil {
		return target{}, err
	}
	g, err := s.PointedGroup(context.Background(), p)
	if err != nil {
		return target{}, err
	}
	if g.Region != c.Region {
		return target{}, errNoGroup()
	}
	return target{Scope: logs.Scope{Account: g.Account, Region: g.Region}, group: g.Name}, nil
}
