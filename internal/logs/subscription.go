package logs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"waybill/internal/arn"
	"waybill/internal/awserr"
)

// SubscriptionFilter says which log events of a group are to be delivered where.
// It is a definition: nothing is delivered yet.
type SubscriptionFilter struct {
	Group, Name, Pattern string
	// Destination is the ARN of a stream, a delivery stream, a function or a
	// destination of CloudWatch Logs.
	Destination string
	SubscriptionOptions
	// Created is in milliseconds since the Unix epoch.
	Created int64
}

// SubscriptionOptions are the rest of a subscription filter.
type SubscriptionOptions struct {
	Role string `json:"role,omitempty"` // ARN
	// Distribution is Random or ByLogStream, which is what empty means.
	Distribution string `json:"distribution"`
	FilterOptions
}

// vendors are the services that a subscription filter delivers to, by the
// service in the destination's ARN, and whether they want a role.
var vendors = map[string]bool{"kinesis": true, "firehose": true, "lambda": false, "logs": false}

// PutSubscriptionFilter sets the filter of that group and name. Errors as of
// PutMetricFilter.
func (s *Service) PutSubscriptionFilter(ctx context.Context, sc Scope, f SubscriptionFilter) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.Distribution == "" {
		f.Distribution = "ByLogStream"
	}
	settings, err := json.Marshal(f.SubscriptionOptions)
	if err != nil {
		return fmt.Errorf("encode a subscription filter: %w", err)
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, f.Group)
		if err != nil {
			return err
		}
		if err := subscriptionFilters.admit(ctx, tx, g, f.Name, f.Pattern); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO log_subscription_filters
			(group_number, name, pattern, destination, settings_json, created_ms) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (group_number, name) DO UPDATE SET pattern = excluded.pattern, destination = excluded.destination,
			settings_json = excluded.settings_json`,
			g.tenant.Group, f.Name, f.Pattern, f.Destination, string(settings), s.millis())
		return err
	})
}

// check is by the destination's kind, in AWS's words.
func (f *SubscriptionFilter) check() error {
	a, err := arn.Parse(f.Destination)
	wantsRole, known := vendors[a.Service]
	switch {
	case err != nil:
		return awserr.New(codeParameter, "The specified destinationArn is not an ARN.")
	case !known:
		return awserr.New(codeParameter, "PutSubscriptionFilter operation cannot work with destinationArn for vendor %s", a.Service)
	case wantsRole && f.Role == "":
		return awserr.New(codeParameter, "destinationArn for vendor %s cannot be used without roleArn", a.Service)
	case a.Service == "lambda" && f.Role != "":
		return awserr.New(codeParameter, "destinationArn for vendor %s cannot be used with roleArn", a.Service)
	}
	return nil
}

// DescribeSubscriptionFilters returns a page of a group's filters and whether there are more.
func (s *Service) DescribeSubscriptionFilters(ctx context.Context, sc Scope, l FilterList) (list []SubscriptionFilter, more bool, err error) {
	err = s.listFilters(ctx, subscriptionFilters, sc, l, `f.destination`, func(row scanner) error {
		var f SubscriptionFilter
		var raw string
		if err := row.Scan(&f.Group, &f.Name, &f.Pattern, &raw, &f.Created, &f.Destination); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(raw), &f.SubscriptionOptions); err != nil {
			return err
		}
		list = append(list, f)
		return nil
	})
	list, more = cutPage(list, l.Limit)
	return list, more, err
}

// DeleteSubscriptionFilter deletes a filter.
func (s *Service) DeleteSubscriptionFilter(ctx context.Context, sc Scope, groupName, name string) error {
	return s.removeFilter(ctx, subscriptionFilters, sc, groupName, name)
}
