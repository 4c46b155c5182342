package policy

import (
	"slices"
	"strings"

	"waybill/internal/arn"
)

// iamPaths are what the resource of an IAM ARN may begin with.
var iamPaths = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/",
	"policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
}

// failsLegacy tells the few malformed ARNs that IAM refuses without a reason.
func failsLegacy(r string) bool {
	f := cutARN(r, grammar{variables: true})
	if len(f) < 3 || !ourPartition(f[1]) {
		return false
	}
	return f[2] == "" || len(f) < arnParts && strings.Contains(r, "::")
}

// checkResource wants "*" or an ARN of our partition. Wildcards may stand
// anywhere after the service; a short form such as "arn:aws:logs:*" is good.
func checkResource(r string) error {
	if r == "*" {
		return nil
	}
	f := cutARN(r, grammar{variables: true})
	if len(f) == 1 {
		return malformed(`Resource %s must be in ARN format or "*".`, r)
	}
	if !ourPartition(f[1]) {
		for len(f) < arnParts {
			f = append(f, "*")
		}
		return malformed(`Partition "%s" is not valid for resource "arn:%s".`, f[1], strings.Join(f[1:], ":"))
	}
	if f[0] != "arn" {
		return malformed(`Resource %s must be in ARN format or "*".`, r)
	}
	if len(f) < 3 || f[2] == "" || strings.ContainsAny(f[2], "*?") {
		return malformed("Resource vendor must be fully qualified and cannot contain regexes.")
	}
	if len(f) < arnParts {
		return nil
	}
	switch f[2] {
	case "iam":
		return checkIAMResource(r, f[3], f[5])
	case "s3":
		if f[3] != "" {
			return malformed("Resource %s can not contain region information.", r)
		}
	}
	return nil
}

// ourPartition accepts a pattern too: AWS-managed policies write "arn:*:".
func ourPartition(s string) bool {
	return s == arn.Partition || open(s) && like(s, arn.Partition)
}

func checkIAMResource(r, region, path string) error {
	if region != "" {
		return malformed("IAM resource %s cannot contain region information.", r)
	}
	begins := func(p string) bool { return strings.HasPrefix(path, p) }
	if path != "*" && !slices.ContainsFunc(iamPaths, begins) {
		return malformed(`IAM resource path must either be "*" or start with %s.`, strings.Join(iamPaths, ", "))
	}
	return nil
}
