package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"waybill/internal/api"
	"waybill/internal/awserr"
)

// pageError is a failure of a request that is the console's own to explain,
// such as a form that came from another site.
type pageError struct {
	status int
	key    string // text in English, the catalogue's key
	args   []any
}

func (e *pageError) Error() string { return fmt.Sprintf(e.key, e.args...) }

func badRequest(key string, args ...any) error {
	return &pageError{http.StatusBadRequest, key, args}
}

func notFound(key string, args ...any) error {
	return &pageError{http.StatusNotFound, key, args}
}

// errorView is the page for a request that failed, and the alert in a form that
// was refused.
type errorView struct {
	chrome
	Failure failure
}

// failure is a failure in the reader's terms.
type failure struct {
	Status int
	// Heading says what kind of failure it is; Code and Message are AWS's own.
	Heading, Code, Message string
	// Refusal says which permission was missing and what decided, as far as the
	// reader may know it; empty for other failures.
	Refusal []fact
}

// fact is one line of a refusal.
type fact struct{ Name, Value string }

// refusal shows the decision of the policies behind err, if they refused it.
func (c chrome) refusal(err error) []fact {
	r := api.RefusalOf(err)
	if r == nil {
		return nil
	}
	d := r.Decision
	facts := []fact{
		{c.T("Action"), r.Need.Action},
		{c.T("Resource"), r.Need.Resource},
		{c.T("Decision"), d.Effect.String() + ": " + d.Reason},
	}
	if !d.Named() {
		return facts
	}
	return append(facts, fact{c.T("Deciding statement"), c.statement(d.Source.String(), d.Owner, d.Policy, d.Sid, d.Statement)})
}

// statement names a statement of a policy; owner is whose inline policy it is.
// People count from one.
func (c chrome) statement(kind, owner, policy, sid string, index int) string {
	if owner != "" {
		policy = owner + "/" + policy
	}
	text := kind + " " + strconv.Quote(policy) + ", " + c.T("statement %d", index+1)
	if sid != "" {
		text += " (Sid " + sid + ")"
	}
	return text
}

// explain turns an error into what the reader may see. What is not the reader's
// to mend is logged by the caller and shown with the request's id alone.
func (c chrome) explain(err error) failure {
	var aws *awserr.Error
	var page *pageError
	switch {
	case errors.As(err, &page):
		return failure{Status: page.status, Heading: c.headingFor(page.status), Message: c.T(page.key, page.args...)}
	case errors.As(err, &aws) && aws.HTTPStatus() < 500:
		status := aws.HTTPStatus()
		if denied(aws.Code) {
			return failure{Status: http.StatusForbidden, Heading: c.T("You do not have permission"), Code: aws.Code, Message: aws.Message,
				Refusal: c.refusal(err)}
		}
		return failure{Status: status, Heading: c.T("The request was refused"), Code: aws.Code, Message: aws.Message}
	case errors.As(err, &aws):
		return failure{Status: aws.HTTPStatus(), Heading: c.T("Something failed here"), Code: aws.Code, Message: aws.Message}
	default:
		return failure{Status: http.StatusInternalServerError, Heading: c.T("Something failed here"),
			Message: c.T("The server's log has the reason under request %s.", c.RequestID)}
	}
}

func (c chrome) headingFor(status int) string {
	if status == http.StatusNotFound {
		return c.T("There is no such page")
	}
	return c.T("The request was refused")
}

func denied(code string) bool {
	return code == "AccessDenied" || code == "AccessDeniedException"
}

// isOurs reports whether err is a fault of the server, which belongs in its log.
func isOurs(err error) bool {
	var aws *awserr.Error
	var page *pageError
	if errors.As(err, &page) {
		return page.status >= 500
	}
	if errors.As(err, &aws) {
		return aws.HTTPStatus() >= 500 || aws.Cause != nil
	}
	return true
}
