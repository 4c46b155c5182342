package wire

// service is what tells one AWS service's requests from another's, and what its
// answers look like.
type service struct {
	// signing is the name in the credential scope, and the one of operations.
	signing string
	// target is the part of X-Amz-Target before the dot, and the service's name
	// in the CBOR protocol's path.
	target string
	// version is the Version parameter of the Query protocol.
	version   string
	namespace string
	// message is the member that holds an error's text.
	message string
	// legacyCodes says that the service spoke Query first: its JSON and CBOR
	// errors name the Query code in a header (awsQueryCompatible).
	legacyCodes bool
}

// services are those that Waybill answers for. Requests for others get the
// answer for an unknown operation.
var services = []service{
	{signing: "logs", target: "Logs_20140328", message: "message"},
	{signing: "workmail", target: "WorkMailService", message: "Message"},
	{signing: "iam", version: "2010-05-08", namespace: "https://iam.amazonaws.com/doc/2010-05-08/"},
	{signing: "sts", version: "2011-06-15", namespace: "https://sts.amazonaws.com/doc/2011-06-15/"},
	{signing: "monitoring", target: "GraniteServiceVersion20100801", version: "2010-08-01", message: "message",
		namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/", legacyCodes: true},
}

// unknownService answers for all others.
var unknownService = service{message: "message", namespace: "http://webservices.amazon.com/AWSFault/2005-15-09"}

func byTarget(target string) service {
	for _, s := range services {
		if s.target == target && target != "" {
			return s
		}
	}
	return unknownService
}

func byVersion(version string) service {
	for _, s := range services {
		if s.version == version && version != "" {
			return s
		}
	}
	return unknownService
}
