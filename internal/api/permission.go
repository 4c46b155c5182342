package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"waybill/internal/awserr"
	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

// conditionKeys returns the global condition keys that a request has (IAM User
// Guide, "AWS global condition context keys"), with those of the operation.
// A key without a value is absent, as AWS has it.
func conditionKeys(call *Call, need Need) policy.Context {
	keys := make(policy.Context, len(need.Context)+8)
	for key, values := range need.Context {
		keys.Add(key, values...)
	}
	global := map[string]string{
		"aws:securetransport": strconv.FormatBool(call.Secure),
		"aws:currenttime":     call.Time.UTC().Format(time.RFC3339),
		"aws:epochtime":       strconv.FormatInt(call.Time.Unix(), 10),
		"aws:requestedregion": call.Region,
		"aws:useragent":       call.UserAgent,
		"aws:sourceip":        "",
		"aws:sourcearn":       "",
		"aws:sourceaccount":   "",
	}
	if call.Source.IsValid() {
		global["aws:sourceip"] = call.Source.Unmap().WithZone("").String()
	}
	if call.Caller.Type == iam.TypeService {
		global["aws:sourcearn"] = call.Caller.SourceARN
		global["aws:sourceaccount"] = call.Caller.SourceAccount
	}
	for key, value := range global {
		// The operation's keys never stand in for these.
		delete(keys, key)
		if value != "" {
			keys[key] = []string{value}
		}
	}
	return keys
}

// The kinds of policy that AWS's refusals name (IAM User Guide, "Access denied
// error messages").
var policyKinds = []string{"identity-based policy", "resource-based policy", "permissions boundary", "session policy"}

// denied is AWS's refusal: who may not do what to which, and which kind of
// policy is the reason.
func denied(caller *iam.Principal, need Need, d policy.Decision) *awserr.Error {
	if caller.Type == iam.TypeWebIdentity {
		// Whoever bears a token is not told more.
		return awserr.WithStatus(http.StatusForbidden, CodeAccessDenied, "Not authorized to perform %s", need.Action)
	}
	text := "User: " + caller.ARN + " is not authorized to perform: " + need.Action
	if need.Resource != "*" {
		text += " on resource: " + need.Resource
	}
	kind := ""
	for _, k := range policyKinds {
		if strings.Contains(d.Reason, k) {
			kind = k
			break
		}
	}
	switch {
	case d.Effect == policy.ExplicitDeny && kind == "":
		text += " with an explicit deny"
	case d.Effect == policy.ExplicitDeny:
		text += " with an explicit deny in " + article(kind) + " " + kind
	case kind != "":
		text += " because no " + kind + " allows the " + need.Action + " action"
	}
	return awserr.WithStatus(http.StatusForbidden, CodeAccessDenied, "%s", text)
}

func article(word string) string {
	if strings.HasPrefix(word, "i") {
		return "an"
	}
	return "a"
}
