package logs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// MetricFilter says which log events of a group become values of a metric. It
// is a definition: nothing evaluates it yet.
type MetricFilter struct {
	Group, Name, Pattern string
	Metric               MetricTransformation
	FilterOptions
	// Created is in milliseconds since the Unix epoch.
	Created int64
}

// MetricTransformation is the metric and its value.
type MetricTransformation struct {
	Name      string `json:"-"`
	Namespace string `json:"-"`
	// Value is a number or a selector ("$.latency", "$bytes").
	Value   string   `json:"value"`
	Default *float64 `json:"default,omitempty"`
	Unit    string   `json:"unit,omitempty"` // empty: None
	// Dimensions are selectors by name.
	Dimensions map[string]string `json:"dimensions,omitempty"`
}

// FilterOptions are what belongs to features that Waybill has not:
// transformers and centralized logs. They are kept and given back.
type FilterOptions struct {
	Transformed    bool     `json:"transformed,omitempty"`
	SystemFields   []string `json:"systemFields,omitempty"`
	FieldSelection string   `json:"fieldSelection,omitempty"`
}

// metricSettings is what settings_json holds.
type metricSettings struct {
	MetricTransformation
	FilterOptions
}

// PutMetricFilter sets the filter of that group and name. Errors:
// ResourceNotFoundException; InvalidParameterException for the pattern;
// LimitExceededException.
func (s *Service) PutMetricFilter(ctx context.Context, sc Scope, f MetricFilter) error {
	settings, err := json.Marshal(metricSettings{f.Metric, f.FilterOptions})
	if err != nil {
		return fmt.Errorf("encode a metric filter: %w", err)
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		g, err := group(ctx, tx, sc, f.Group)
		if err != nil {
			return err
		}
		if err := metricFilters.admit(ctx, tx, g, f.Name, f.Pattern); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO log_metric_filters
			(group_number, name, pattern, metric_name, metric_namespace, settings_json, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (group_number, name) DO UPDATE SET pattern = excluded.pattern, metric_name = excluded.metric_name,
			metric_namespace = excluded.metric_namespace, settings_json = excluded.settings_json`,
			g.tenant.Group, f.Name, f.Pattern, f.Metric.Name, f.Metric.Namespace, string(settings), s.millis())
		return err
	})
}

// DescribeMetricFilters returns a page of filters and whether there are more.
func (s *Service) DescribeMetricFilters(ctx context.Context, sc Scope, l FilterList) (list []MetricFilter, more bool, err error) {
	err = s.listFilters(ctx, metricFilters, sc, l, `f.metric_name, f.metric_namespace`, func(row scanner) error {
		var f MetricFilter
		var raw, metric, namespace string
		if err := row.Scan(&f.Group, &f.Name, &f.Pattern, &raw, &f.Created, &metric, &namespace); err != nil {
			return err
		}
		var settings metricSettings
		if err := json.Unmarshal([]byte(raw), &settings); err != nil {
			return err
		}
		f.Metric, f.FilterOptions = settings.MetricTransformation, settings.FilterOptions
		f.Metric.Name, f.Metric.Namespace = metric, namespace
		list = append(list, f)
		return nil
	})
	list, more = cutPage(list, l.Limit)
	return list, more, err
}

// DeleteMetricFilter deletes a filter.
func (s *Service) DeleteMetricFilter(ctx context.Context, sc Scope, groupName, name string) error {
	return s.removeFilter(ctx, metricFilters, sc, groupName, name)
}

// cutPage takes off what only shows that there is more.
func cutPage[T any](list []T, limit int) ([]T, bool) {
	if len(list) > limit {
		return list[:limit], true
	}
	return list, false
}
