package bench

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// BenchmarkGetCallerIdentity measures a signed call end to end through the Go
// SDK, client and server in one process: by a user's key, and by a role session's,
// whose token the server opens.
func BenchmarkGetCallerIdentity(b *testing.B) {
	r := server(b)
	user := sts.NewFromConfig(r.aws)
	b.Run("user", func(b *testing.B) { callerIdentity(b, user) })

	_, err := iam.NewFromConfig(r.aws).CreateRole(b.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		b.Fatal(err)
	}
	out, err := user.AssumeRole(b.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/r"), RoleSessionName: aws.String("bench")})
	if err != nil {
		b.Fatal(err)
	}
	c := r.aws.Copy()
	c.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	b.Run("session", func(b *testing.B) { callerIdentity(b, sts.NewFromConfig(c)) })
}

func callerIdentity(b *testing.B, c *sts.Client) {
	for b.Loop() {
		if _, err := c.GetCallerIdentity(b.Context(), &sts.GetCallerIdentityInput{}); err != nil {
			b.Fatal(err)
		}
	}
}
