package iamapi_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"

	"waybill/internal/awserr"
	"waybill/internal/iam"
)

func TestLoginProfile(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	u := aws.String("ann")
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: u}))(t)
	_, err := c.GetLoginProfile(ctx, &sdk.GetLoginProfileInput{UserName: u})
	wantError(t, err, 404, "NoSuchEntity", "Login Profile for User ann cannot be found.")
	_, err = c.CreateLoginProfile(ctx, &sdk.CreateLoginProfileInput{UserName: u, Password: aws.String("onlysmall")})
	wantError(t, err, 400, "PasswordPolicyViolation", "Password should meet 2 more of the following requirements: "+
		"Password should have at least one uppercase letter, Password should have at least one number, Password should have at least one symbol")
	made := ok(c.CreateLoginProfile(ctx, &sdk.CreateLoginProfileInput{UserName: u, Password: aws.String("First-Pass-1"), PasswordResetRequired: true}))(t).LoginProfile
	if *made.UserName != "ann" || !made.PasswordResetRequired {
		t.Errorf("made %+v", made)
	}
	recent(t, "CreateDate", made.CreateDate)
	_, err = c.CreateLoginProfile(ctx, &sdk.CreateLoginProfileInput{UserName: u, Password: aws.String("Other-Pass-2")})
	wantError(t, err, 409, "EntityAlreadyExists", "Login Profile for user ann already exists.")

	p, err := v.iam.SignIn(ctx, account, "ann", "First-Pass-1")
	if !awserr.HasCode(err, iam.CodePasswordReset) || p.Name != "ann" {
		t.Errorf("signed in as %+v, %v; want that a new password is due", p, err)
	}
	ok(c.UpdateLoginProfile(ctx, &sdk.UpdateLoginProfileInput{UserName: u, PasswordResetRequired: aws.Bool(false)}))(t)
	if _, err := v.iam.SignIn(ctx, account, "ann", "First-Pass-1"); err != nil {
		t.Error(err)
	}
	recent(t, "PasswordLastUsed", ok(c.GetUser(ctx, &sdk.GetUserInput{UserName: u}))(t).User.PasswordLastUsed)
	ok(c.UpdateLoginProfile(ctx, &sdk.UpdateLoginProfileInput{UserName: u, Password: aws.String("Third-Pass-3")}))(t)
	if _, err := v.iam.SignIn(ctx, account, "ann", "First-Pass-1"); !awserr.HasCode(err, iam.CodeSignIn) {
		t.Errorf("the old password: %v", err)
	}
	if got := ok(c.GetLoginProfile(ctx, &sdk.GetLoginProfileInput{UserName: u}))(t).LoginProfile; got.PasswordResetRequired || !got.CreateDate.Equal(*made.CreateDate) {
		t.Errorf("got %+v", got)
	}
	ok(c.DeleteLoginProfile(ctx, &sdk.DeleteLoginProfileInput{UserName: u}))(t)
	_, err = c.DeleteLoginProfile(ctx, &sdk.DeleteLoginProfileInput{UserName: u})
	wantError(t, err, 404, "NoSuchEntity", "Login Profile for User ann cannot be found.")
	if _, err := v.iam.SignIn(ctx, account, "ann", "Third-Pass-3"); !awserr.HasCode(err, iam.CodeSignIn) {
		t.Errorf("without a login profile: %v", err)
	}
}

func TestChangePassword(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	ann := v.user(t, "ann", "")
	ok(c.CreateLoginProfile(ctx, &sdk.CreateLoginProfileInput{UserName: aws.String("ann"), Password: aws.String("First-Pass-1"), PasswordResetRequired: true}))(t)
	change := func(old, password string) error {
		_, err := ann.ChangePassword(ctx, &sdk.ChangePasswordInput{OldPassword: &old, NewPassword: &password})
		return err
	}
	const forbidden = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:ChangePassword on resource: " +
		"arn:aws:iam::111122223333:user/ann because no identity-based policy allows the iam:ChangePassword action"
	wantError(t, change("First-Pass-1", "Second-Pass-2"), 403, "AccessDenied", forbidden)

	// The account's policy lets every user change the own password.
	ok(c.UpdateAccountPasswordPolicy(ctx, &sdk.UpdateAccountPasswordPolicyInput{AllowUsersToChangePassword: true, PasswordReusePrevention: aws.Int32(2)}))(t)
	wantError(t, change("Wrong-Pass-1", "Second-Pass-2"), 403, "AccessDenied", "The old password was incorrect.")
	wantError(t, change("First-Pass-1", "First-Pass-1"), 400, "PasswordPolicyViolation",
		"Policy constraint violation with password reuse prevention during password change.")
	must(t, change("First-Pass-1", "Second-Pass-2"))
	wantError(t, change("Second-Pass-2", "First-Pass-1"), 400, "PasswordPolicyViolation",
		"Policy constraint violation with password reuse prevention during password change.")
	must(t, change("Second-Pass-2", "Third-Pass-3"))
	must(t, change("Third-Pass-3", "First-Pass-1")) // two ago is long enough
	if _, err := v.iam.SignIn(ctx, account, "ann", "First-Pass-1"); err != nil {
		t.Errorf("a changed password needs no reset: %v", err)
	}
	ok(ann.GetAccountPasswordPolicy(ctx, &sdk.GetAccountPasswordPolicyInput{}))(t)
	ok(c.DeleteAccountPasswordPolicy(ctx, &sdk.DeleteAccountPasswordPolicyInput{}))(t)
	wantError(t, change("First-Pass-1", "Fourth-Pass-4"), 403, "AccessDenied", forbidden)
	ok(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: aws.String("arn:aws:iam::aws:policy/IAMUserChangePassword")}))(t)
	must(t, change("First-Pass-1", "Fourth-Pass-4"))
}

func TestPasswordPolicy(t *testing.T) {
	v := newServer(t)
	c, ctx := v.administer(), t.Context()
	none := "The Password Policy with domain name 111122223333 cannot be found."
	_, err := c.GetAccountPasswordPolicy(ctx, &sdk.GetAccountPasswordPolicyInput{})
	wantError(t, err, 404, "NoSuchEntity", none)
	_, err = c.DeleteAccountPasswordPolicy(ctx, &sdk.DeleteAccountPasswordPolicyInput{})
	wantError(t, err, 404, "NoSuchEntity", none)
	_, err = c.UpdateAccountPasswordPolicy(ctx, &sdk.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(5), MaxPasswordAge: aws.Int32(1096)})
	wantError(t, err, 400, "ValidationError", "2 validation errors detected: "+
		"Value '5' at 'minimumPasswordLength' failed to satisfy constraint: Member must have value greater than or equal to 6; "+
		"Value '1096' at 'maxPasswordAge' failed to satisfy constraint: Member must have value less than or equal to 1095")

	ok(c.UpdateAccountPasswordPolicy(ctx, &sdk.UpdateAccountPasswordPolicyInput{}))(t)
	got := ok(c.GetAccountPasswordPolicy(ctx, &sdk.GetAccountPasswordPolicyInput{}))(t).PasswordPolicy
	if *got.MinimumPasswordLength != 6 || got.RequireNumbers || got.ExpirePasswords || got.MaxPasswordAge != nil || got.PasswordReusePrevention != nil {
		t.Errorf("defaults: %+v", got)
	}
	ok(c.UpdateAccountPasswordPolicy(ctx, &sdk.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(14), RequireNumbers: true, RequireSymbols: true,
		RequireLowercaseCharacters: true, RequireUppercaseCharacters: true, MaxPasswordAge: aws.Int32(90), PasswordReusePrevention: aws.Int32(5), HardExpiry: aws.Bool(true)}))(t)
	got = ok(c.GetAccountPasswordPolicy(ctx, &sdk.GetAccountPasswordPolicyInput{}))(t).PasswordPolicy
	if *got.MinimumPasswordLength != 14 || !got.RequireNumbers || !got.ExpirePasswords || *got.MaxPasswordAge != 90 || *got.PasswordReusePrevention != 5 || !*got.HardExpiry {
		t.Errorf("set: %+v", got)
	}
	ok(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("ann")}))(t)
	for password, text := range map[string]string{
		"Short-1":            "Password should have a minimum length of 14",
		"no-upper-letter-1":  "Password should have at least one uppercase letter",
		"NO-LOWER-LETTER-1":  "Password should have at least one lowercase letter",
		"No-Number-At-All":   "Password should have at least one number",
		"NoSymbolAtAll12345": "Password should have at least one symbol",
		"nothing":            "Password should have a minimum length of 14, Password should have at least one uppercase letter, Password should have at least one number, Password should have at least one symbol",
	} {
		_, err := c.CreateLoginProfile(ctx, &sdk.CreateLoginProfileInput{UserName: aws.String("ann"), Password: &password})
		wantError(t, err, 400, "PasswordPolicyViolation", text)
	}
}
