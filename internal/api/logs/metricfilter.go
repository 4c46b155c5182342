package logsapi

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"waybill/internal/api"
	"waybill/internal/api/validate"
	"waybill/internal/awserr"
	"waybill/internal/logs"
	"waybill/internal/logs/pattern"
)

// PutMetricFilterInput is CloudWatch Logs'. applyOnTransformedLogs,
// emitSystemFieldDimensions and fieldSelectionCriteria are kept and shown.
type PutMetricFilterInput struct {
	LogGroupName              *string                `json:"logGroupName"`
	FilterName                *string                `json:"filterName"`
	FilterPattern             *string                `json:"filterPattern"`
	MetricTransformations     []MetricTransformation `json:"metricTransformations"`
	ApplyOnTransformedLogs    bool                   `json:"applyOnTransformedLogs,omitempty"`
	EmitSystemFieldDimensions []string               `json:"emitSystemFieldDimensions,omitempty"`
	FieldSelectionCriteria    string                 `json:"fieldSelectionCriteria,omitempty"`
}

// MetricTransformation is CloudWatch Logs'.
type MetricTransformation struct {
	MetricName      *string           `json:"metricName"`
	MetricNamespace *string           `json:"metricNamespace"`
	MetricValue     *string           `json:"metricValue"`
	DefaultValue    *float64          `json:"defaultValue,omitempty"`
	Dimensions      map[string]string `json:"dimensions,omitempty"`
	Unit            string            `json:"unit,omitempty"`
}

// MetricFilter is an entry of DescribeMetricFilters.
type MetricFilter struct {
	FilterName                string                 `json:"filterName"`
	FilterPattern             string                 `json:"filterPattern"`
	MetricTransformations     []MetricTransformation `json:"metricTransformations"`
	CreationTime              int64                  `json:"creationTime"`
	LogGroupName              string                 `json:"logGroupName"`
	ApplyOnTransformedLogs    bool                   `json:"applyOnTransformedLogs"`
	EmitSystemFieldDimensions []string               `json:"emitSystemFieldDimensions,omitempty"`
	FieldSelectionCriteria    string                 `json:"fieldSelectionCriteria,omitempty"`
}

// DescribeMetricFiltersInput is CloudWatch Logs'. filterNamePrefix counts only
// with a log group, as AWS has it.
type DescribeMetricFiltersInput struct {
	LogGroupName     *string `json:"logGroupName,omitempty"`
	FilterNamePrefix *string `json:"filterNamePrefix,omitempty"`
	MetricName       *string `json:"metricName,omitempty"`
	MetricNamespace  *string `json:"metricNamespace,omitempty"`
	Limit            *int    `json:"limit,omitempty"`
	NextToken        *string `json:"nextToken,omitempty"`
}

// DescribeMetricFiltersOutput is CloudWatch Logs'.
type DescribeMetricFiltersOutput struct {
	MetricFilters []MetricFilter `json:"metricFilters"`
	NextToken     string         `json:"nextToken,omitempty"`
}

// FilterInput names one filter of a log group.
type FilterInput struct {
	LogGroupName *string `json:"logGroupName"`
	FilterName   *string `json:"filterName"`
}

// TestMetricFilterInput is CloudWatch Logs'.
type TestMetricFilterInput struct {
	FilterPattern    *string  `json:"filterPattern"`
	LogEventMessages []string `json:"logEventMessages"`
}

// TestMetricFilterOutput is CloudWatch Logs'.
type TestMetricFilterOutput struct {
	Matches []MetricFilterMatch `json:"matches"`
}

// MetricFilterMatch is a message that a pattern matches; eventNumber counts from 1.
type MetricFilterMatch struct {
	EventNumber     int               `json:"eventNumber"`
	EventMessage    string            `json:"eventMessage"`
	ExtractedValues map[string]string `json:"extractedValues"`
}

const (
	maxMetricName    = 255
	maxMetricValue   = 100
	maxDimensions    = 3
	maxSelection     = 2000
	maxTestMessages  = 50
	metricNameFormat = `[^:*$]*`
)

var (
	metricName = regexp.MustCompile(`\A[^:*$]*\z`)
	units      = []string{
		"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
		"Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count",
		"Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second",
		"Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
	}
)

// onFilter checks what names a filter and returns its group.
func onFilter(c *api.Call, in *FilterInput) (target, error) {
	t, err := inGroup(c, in.LogGroupName)
	if err != nil {
		return t, err
	}
	var v validate.Checks
	v.Required("filterName", in.FilterName != nil)
	if in.FilterName != nil {
		checkFilterName(&v, "filterName", *in.FilterName)
	}
	return t, v.Err(codeParameter)
}

func checkFilterName(v *validate.Checks, member, name string) {
	v.Length(member, name, 1, maxName)
	v.Pattern(member, name, streamName, `[^:*]*`)
}

func putMetricFilter(s *logs.Service) api.Operation {
	return define("PutMetricFilter",
		func(c *api.Call, in *PutMetricFilterInput) (target, error) {
			t, err := onFilter(c, &FilterInput{in.LogGroupName, in.FilterName})
			if err != nil {
				return t, err
			}
			return t, in.check()
		},
		func(ctx context.Context, t target, in *PutMetricFilterInput) (*Empty, error) {
			m := in.MetricTransformations[0]
			return nil, s.PutMetricFilter(ctx, t.Scope, logs.MetricFilter{
				Group: t.group, Name: *in.FilterName, Pattern: *in.FilterPattern,
				Metric: logs.MetricTransformation{
					Name: *m.MetricName, Namespace: *m.MetricNamespace, Value: *m.MetricValue,
					Default: m.DefaultValue, Unit: m.Unit, Dimensions: m.Dimensions,
				},
				FilterOptions: logs.FilterOptions{
					Transformed: in.ApplyOnTransformedLogs, SystemFields: in.EmitSystemFieldDimensions, FieldSelection: in.FieldSelectionCriteria,
				},
			})
		})
}

func (in *PutMetricFilterInput) check() error {
	var v validate.Checks
	v.Required("filterPattern", in.FilterPattern != nil)
	v.Required("metricTransformations", in.MetricTransformations != nil)
	if in.FilterPattern != nil {
		v.Length("filterPattern", *in.FilterPattern, 0, pattern.MaxLength)
	}
	if in.MetricTransformations != nil {
		validate.Count(&v, "metricTransformations", in.MetricTransformations, 1, 1)
	}
	for i, m := range in.MetricTransformations {
		m.check(&v, "metricTransformations."+strconv.Itoa(i+1)+".member.")
	}
	v.Length("fieldSelectionCriteria", in.FieldSelectionCriteria, 0, maxSelection)
	for _, f := range in.EmitSystemFieldDimensions {
		v.OneOf("emitSystemFieldDimensions", f, "@aws.account", "@aws.region")
	}
	if err := v.Err(codeParameter); err != nil {
		return err
	}
	return in.MetricTransformations[0].checkSense(len(in.EmitSystemFieldDimensions))
}

func (m *MetricTransformation) check(v *validate.Checks, prefix string) {
	for _, f := range []struct {
		name  string
		value *string
		most  int
	}{{"metricName", m.MetricName, maxMetricName}, {"metricNamespace", m.MetricNamespace, maxMetricName}, {"metricValue", m.MetricValue, maxMetricValue}} {
		v.Required(prefix+f.name, f.value != nil)
		if f.value == nil {
			continue
		}
		v.Length(prefix+f.name, *f.value, 0, f.most)
		if f.value != m.MetricValue {
			v.Pattern(prefix+f.name, *f.value, metricName, metricNameFormat)
		}
	}
	for k, value := range m.Dimensions {
		v.Length(prefix+"dimensions", k, 0, maxMetricName)
		v.Length(prefix+"dimensions."+k, value, 0, maxMetricName)
	}
	if m.Unit != "" {
		v.OneOf(prefix+"unit", m.Unit, units...)
	}
}

// checkSense checks what the model does not say.
func (m *MetricTransformation) checkSense(systemFields int) error {
	if _, err := strconv.ParseFloat(*m.MetricValue, 64); err != nil && !isSelector(*m.MetricValue) {
		return awserr.New(codeParameter, "Invalid metric transformation: metricValue must be a number or a field that the filter pattern selects, such as $.size.")
	}
	if len(m.Dimensions) > 0 && m.DefaultValue != nil {
		return awserr.New(codeParameter, "Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
	}
	if len(m.Dimensions)+systemFields > maxDimensions {
		return awserr.New(codeParameter, "Invalid metric transformation: a metric filter can have no more than %d dimensions.", maxDimensions)
	}
	for name, value := range m.Dimensions {
		if name == "" || !isSelector(value) {
			return awserr.New(codeParameter, "Invalid metric transformation: the value of a dimension must be a field that the filter pattern selects, such as $.domain.")
		}
	}
	return nil
}

func isSelector(s string) bool { return len(s) > 1 && strings.HasPrefix(s, "$") }

func deleteMetricFilter(s *logs.Service) api.Operation {
	return define("DeleteMetricFilter", onFilter,
		func(ctx context.Context, t target, in *FilterInput) (*Empty, error) {
			return nil, s.DeleteMetricFilter(ctx, t.Scope, t.group, *in.FilterName)
		})
}

func describeMetricFilters(s *logs.Service) api.Operation {
	return define("DescribeMetricFilters",
		func(c *api.Call, in *DescribeMetricFiltersInput) (target, error) {
			t := target{Scope: scopeOf(c)}
			if in.LogGroupName != nil {
				var err error
				if t, err = inGroup(c, in.LogGroupName); err != nil {
					return t, err
				}
			}
			return t, in.check()
		},
		func(ctx context.Context, t target, in *DescribeMetricFiltersInput) (*DescribeMetricFiltersOutput, error) {
			l := logs.FilterList{Group: t.group}
			if err := pageOf(&l, in.Limit, in.NextToken); err != nil {
				return nil, err
			}
			if in.FilterNamePrefix != nil && t.group != "" {
				l.Prefix = *in.FilterNamePrefix
			}
			if in.MetricName != nil {
				l.MetricName, l.Namespace = *in.MetricName, *in.MetricNamespace
			}
			list, more, err := s.DescribeMetricFilters(ctx, t.Scope, l)
			if err != nil {
				return nil, err
			}
			out := &DescribeMetricFiltersOutput{MetricFilters: make([]MetricFilter, len(list))}
			for i := range list {
				out.MetricFilters[i] = metricFilter(&list[i])
			}
			if more {
				last := list[len(list)-1]
				out.NextToken = pairToken(last.Name, last.Group)
			}
			return out, nil
		})
}

func (in *DescribeMetricFiltersInput) check() error {
	var v validate.Checks
	if in.FilterNamePrefix != nil {
		checkFilterName(&v, "filterNamePrefix", *in.FilterNamePrefix)
	}
	for _, f := range []struct {
		name  string
		value *string
	}{{"metricName", in.MetricName}, {"metricNamespace", in.MetricNamespace}} {
		if f.value != nil {
			v.Length(f.name, *f.value, 0, maxMetricName)
			v.Pattern(f.name, *f.value, metricName, metricNameFormat)
		}
	}
	if err := v.Err(codeParameter); err != nil {
		return err
	}
	if (in.MetricName == nil) != (in.MetricNamespace == nil) {
		return awserr.New(codeParameter, "metricName and metricNamespace must be given together.")
	}
	return nil
}

func metricFilter(f *logs.MetricFilter) MetricFilter {
	m := &f.Metric
	return MetricFilter{
		FilterName: f.Name, FilterPattern: f.Pattern, CreationTime: f.Created, LogGroupName: f.Group,
		MetricTransformations: []MetricTransformation{{
			MetricName: &m.Name, MetricNamespace: &m.Namespace, MetricValue: &m.Value,
			DefaultValue: m.Default, Dimensions: m.Dimensions, Unit: m.Unit,
		}},
		ApplyOnTransformedLogs: f.Transformed, EmitSystemFieldDimensions: f.SystemFields, FieldSelectionCriteria: f.FieldSelection,
	}
}

func testMetricFilter() api.Operation {
	return define("TestMetricFilter",
		func(c *api.Call, in *TestMetricFilterInput) (target, error) {
			var v validate.Checks
			v.Required("filterPattern", in.FilterPattern != nil)
			v.Required("logEventMessages", in.LogEventMessages != nil)
			if in.FilterPattern != nil {
				v.Length("filterPattern", *in.FilterPattern, 0, pattern.MaxLength)
			}
			if in.LogEventMessages != nil {
				validate.Count(&v, "logEventMessages", in.LogEventMessages, 1, maxTestMessages)
			}
			for _, m := range in.LogEventMessages {
				v.Length("logEventMessages", m, 1, 0)
			}
			return target{Scope: scopeOf(c)}, v.Err(codeParameter)
		},
		func(_ context.Context, _ target, in *TestMetricFilterInput) (*TestMetricFilterOutput, error) {
			p, err := pattern.Parse(*in.FilterPattern)
			if err != nil {
				return nil, err
			}
			out := &TestMetricFilterOutput{Matches: []MetricFilterMatch{}}
			for i, m := range in.LogEventMessages {
				if values := p.Extract(m); values != nil {
					out.Matches = append(out.Matches, MetricFilterMatch{i + 1, m, values})
				}
			}
			return out, nil
		})
}
