package publish

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxMargin is how long before its end a session is replaced, or a tenth of its
// length where that is less.
const maxMargin = 5 * time.Minute

// session is an assumed role with the client that uses it.
type session struct {
	target Target
	logs   *cloudwatchlogs.Client
	until  time.Time
}

// assume returns a session for the target, the one at hand while it lasts.
func (w *worker) assume(ctx context.Context, t Target) (*session, error) {
	now := time.Now()
	if s := w.session; s != nil && s.target == t && now.Before(s.until) {
		return s, nil
	}
	w.session = nil
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	w.attempted()
	out, err := w.sts(t).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(t.RoleARN), RoleSessionName: aws.String(w.organization),
	})
	if err != nil {
		return nil, fmt.Errorf("assume the role %s: %w", t.RoleARN, err)
	}
	if out.Credentials == nil {
		return nil, fmt.Errorf("assume the role %s: the answer has no credentials", t.RoleARN)
	}
	end := aws.ToTime(out.Credentials.Expiration)
	credentials := aws.Credentials{
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(out.Credentials.SessionToken), Source: "AssumeRole",
	}
	w.session = &session{target: t, logs: w.logs(t, credentials), until: end.Add(-min(maxMargin, end.Sub(now)/10))}
	return w.session, nil
}

// sts returns a client that signs as the service principal. The source headers
// say for which organization it acts; they are set before signing, so that the
// signature covers them.
func (w *worker) sts(t Target) *sts.Client {
	o := sts.Options{Region: t.Region, HTTPClient: w.cfg.HTTP, Credentials: w.cfg.Credentials, Retryer: aws.NopRetryer{}}
	if w.cfg.Endpoint != "" {
		o.BaseEndpoint = aws.String(w.cfg.Endpoint)
	}
	if t.OrganizationARN != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Source-Arn", t.OrganizationARN))
	}
	if t.Account != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Amz-Source-Account", t.Account))
	}
	return sts.New(o)
}

// logs returns a client that signs as the assumed role. It does not retry:
// whether a request may be sent again is decided in publish.
func (w *worker) logs(t Target, c aws.Credentials) *cloudwatchlogs.Client {
	o := cloudwatchlogs.Options{
		Region: t.Region, HTTPClient: w.cfg.HTTP, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil }),
	}
	if w.cfg.Endpoint != "" {
		o.BaseEndpoint = aws.String(w.cfg.Endpoint)
	}
	return cloudwatchlogs.New(o)
}
