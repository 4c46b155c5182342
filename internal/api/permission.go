package api

import (
	"strconv"
	"time"

	"waybill/internal/iam"
	"waybill/internal/iam/policy"
)

// conditionKeys returns the global condition keys that a request has (IAM User
// Guide, "AWS global condition context keys"), with those of the operation.
// A key without a value is absent, as AWS has it. service is the operation's.
func conditionKeys(service string, call *Call, need Need) policy.Context {
	keys := make(policy.Context, len(need.Context)+8)
	for key, values := range need.Context {
		keys.Add(key, values...)
	}
	global := map[string]string{
		"aws:securetransport": strconv.FormatBool(call.Secure),
		// No service of Waybill calls another with the caller's own credentials.
		"aws:viaawsservice":   "false",
		"aws:currenttime":     call.Time.UTC().Format(time.RFC3339),
		"aws:epochtime":       strconv.FormatInt(call.Time.Unix(), 10),
		"aws:requestedregion": requestedRegion(service, call),
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

// requestedRegion is where the service answers: IAM has one endpoint, in
// us-east-1, whatever Region the request was signed for.
func requestedRegion(service string, call *Call) string {
	if service == "iam" {
		return "us-east-1"
	}
	return call.Region
}

// RequestTags returns the condition keys of a request that sets tags
// (aws:RequestTag/*, aws:TagKeys).
func RequestTags(tags map[string]string) map[string][]string {
	keys := make(map[string][]string, len(tags)+1)
	for key, value := range tags {
		keys["aws:RequestTag/"+key] = []string{value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], key)
	}
	return keys
}
