// Package audit keeps the audit trail: every call that was decided, and every
// sign-in, is one CloudTrail-shaped record in the log group /waybill/audit of
// the account and Region that it concerns, searchable like any other group.
//
// A record says who called from where, what on which resource, what was decided
// and by which statement of which policy, and how it ended. Of what a call
// carried it takes only members that an allow-list names: names, identifiers,
// times, policy documents. Payloads, filter patterns, query strings, passwords,
// secrets and tags never get in, so no mail address and no subject does.
//
// Record returns at once; a writer in the background puts records into the
// group within about a second, past the API's door, so that the trail does not
// audit itself. Memory is bounded: what does not fit is lost and counted. Records
// of callers who could not be authenticated are limited in rate, because
// strangers must not be able to fill the disk.
//
// Protection is the policy that keeps everybody from writing into the group and
// from deleting it.
package audit

import "time"

// Group is the log group of the trail in each account and Region.
const Group = "/waybill/audit"

const (
	// eventVersion is that of the CloudTrail record contents.
	eventVersion = "1.11"
	// retentionDays is how long records are kept until somebody sets another time:
	// as long as CloudTrail's event history.
	retentionDays = 90
	// maxQueue bounds the records that wait, in bytes.
	maxQueue = 16 << 20
	// gather is how long records wait for others to be written with.
	gather = time.Second
	// early is how many bytes do not wait that long.
	early = 512 << 10
)
