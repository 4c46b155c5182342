// Package e2e runs Waybill's real binary beside real peers: Postfix, Dovecot,
// the aws CLI, AWS's SDKs, Terraform and Chromium. Every test starts what it needs on loopback in a
// scratch folder and ends it by its own process id; nothing of the machine's
// own mail system is touched.
//
// A missing peer skips its tests and says so; with WAYBILL_E2E_REQUIRE=all it
// fails them instead, except for Terraform, which Debian does not have.
package e2e
