package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	"waybill/internal/awserr"
	"waybill/internal/iam"
)

// signInView is the sign-in page.
type signInView struct {
	chrome
	Account, User string
	// Next is the console page to go to afterwards.
	Next string
	// Alert says why the last attempt failed.
	Alert string
	// Reset asks for a new password in the place of the present one.
	Reset bool
}

func (c *Console) signInPage(w http.ResponseWriter, r *http.Request) error {
	return c.showSignIn(w, r, http.StatusOK, signInView{
		Account: c.cfg.Account, Next: localPath(r.URL.Query().Get("next")),
	})
}

// showSignIn renders the page under a token bound to a cookie of its own, since
// there is no session yet: nobody can be signed in as a stranger by a foreign form.
func (c *Console) showSignIn(w http.ResponseWriter, r *http.Request, status int, v signInView) error {
	value := c.cookie(r, signInCookie)
	if value == "" {
		value = randomValue()
		c.setCookie(w, r, signInCookie, value, http.SameSiteStrictMode, 0)
	}
	v.chrome = c.chromeFor(r, session{})
	v.Title = v.T("Sign in")
	v.Token = formToken(value)
	return c.render(w, status, "sign-in", v)
}

// signIn checks account, user and password and starts a session.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) error {
	valid := checkForm(w, r, c.cookie(r, signInCookie))
	v := signInView{
		Account: strings.TrimSpace(r.PostForm.Get("account")), User: strings.TrimSpace(r.PostForm.Get("user")),
		Next: localPath(r.PostForm.Get("next")),
	}
	p := c.chromeFor(r, session{})
	if !valid {
		v.Alert = p.T("The page was too old. Please try again.")
		return c.showSignIn(w, r, http.StatusForbidden, v)
	}
	limits := limitsFor(sourceOf(r), v.Account, v.User)
	if wait := c.throttle.reserve(limits); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		c.noteSignIn(r, p, v, iam.Principal{}, "Too many attempts")
		v.Alert = p.T("Too many attempts. Try again in %d minutes.", int((wait+time.Minute-1)/time.Minute))
		return c.showSignIn(w, r, http.StatusTooManyRequests, v)
	}
	principal, err := c.cfg.Identities.SignIn(r.Context(), v.Account, v.User, r.PostForm.Get("password"))
	var refused *awserr.Error
	switch {
	case awserr.HasCode(err, iam.CodePasswordReset):
		c.throttle.forgive(limits)
		return c.replacePassword(w, r, v, principal)
	case awserr.HasCode(err, iam.CodePasswordExpired):
		c.noteSignIn(r, p, v, iam.Principal{}, "Password expired")
		v.Alert = p.T("Your password has expired. An administrator must set a new one.")
		return c.showSignIn(w, r, http.StatusForbidden, v)
	case errors.As(err, &refused) && refused.HTTPStatus() < 500:
		c.noteSignIn(r, p, v, iam.Principal{}, "Failed authentication")
		v.Alert = p.T("Account, user name or password is not right.")
		return c.showSignIn(w, r, http.StatusUnauthorized, v)
	case err != nil:
		return fmt.Errorf("sign in: %w", err)
	}
	c.throttle.forgive(limits)
	return c.begin(w, r, v, principal)
}

// begin starts the session of somebody who has signed in.
func (c *Console) begin(w http.ResponseWriter, r *http.Request, v signInView, principal iam.Principal) error {
	value, err := c.sessions.create(r.Context(), principal)
	if err != nil {
		return err
	}
	c.noteSignIn(r, c.chromeFor(r, session{}), v, principal, "")
	c.setCookie(w, r, signInCookie, "", http.SameSiteStrictMode, -1)
	c.setCookie(w, r, sessionCookie, value, http.SameSiteLaxMode, 0)
	http.Redirect(w, r, v.Next, http.StatusSeeOther)
	return nil
}

// replacePassword goes on when the password was right but a new one is due: it
// asks for the new one, and then signs in with it. The change is the operation
// that an AWS client would call, with its permission and its place in the audit
// trail.
func (c *Console) replacePassword(w http.ResponseWriter, r *http.Request, v signInView, principal iam.Principal) error {
	p := c.chromeFor(r, session{})
	p.Region = c.region(r)
	v.Reset = true
	password := r.PostForm.Get("new")
	switch {
	case password == "":
		c.noteSignIn(r, p, v, iam.Principal{}, "Password must be replaced")
		v.Alert = p.T("Your password must be replaced. Choose a new one.")
		return c.showSignIn(w, r, http.StatusOK, v)
	case password != r.PostForm.Get("again"):
		v.Alert = p.T("The new password and its repetition differ.")
		return c.showSignIn(w, r, http.StatusUnprocessableEntity, v)
	}
	in := &iamapi.ChangePasswordInput{OldPassword: r.PostForm.Get("password"), NewPassword: password}
	_, err := api.Invoke[iamapi.Empty](r.Context(), c.cfg.Door, c.callFor(r, session{Principal: principal}, p), iamService, "ChangePassword", in)
	var refused *awserr.Error
	if errors.As(err, &refused) && refused.HTTPStatus() < 500 {
		v.Alert = p.T("The password was not changed: %s", refused.Message)
		return c.showSignIn(w, r, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if principal, err = c.cfg.Identities.SignIn(r.Context(), v.Account, v.User, password); err != nil {
		return fmt.Errorf("sign in with the new password: %w", err)
	}
	return c.begin(w, r, v, principal)
}

// noteSignIn tells the audit trail of an attempt.
func (c *Console) noteSignIn(r *http.Request, ch chrome, v signInView, p iam.Principal, failure string) {
	if c.cfg.SignedIn == nil {
		return
	}
	ch.Region = c.region(r)
	call := c.callFor(r, session{Principal: p}, ch)
	c.cfg.SignedIn(r.Context(), SignIn{Call: *call, Account: v.Account, User: v.User, Failure: failure})
}

func (c *Console) signOut(w http.ResponseWriter, r *request) error {
	if err := c.sessions.end(r.Context(), r.session.value); err != nil {
		return err
	}
	c.setCookie(w, r.Request, sessionCookie, "", http.SameSiteLaxMode, -1)
	http.Redirect(w, r.Request, root+"sign-in", http.StatusSeeOther)
	return nil
}

// askToSignIn sends somebody without a session to the sign-in page, and back to
// where they were going. What a form held when its session ended is not replayed.
func (c *Console) askToSignIn(w http.ResponseWriter, r *http.Request) {
	to := root + "sign-in"
	if r.Method == http.MethodGet && r.URL.Path != root {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// localPath returns next when it is a page of this console, the first page
// otherwise, so that a link cannot lead a fresh session to another host.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, root) ||
		strings.ContainsAny(next, "\\\r\n\t") || strings.Contains(u.Path, "..") || strings.HasPrefix(u.Path, root+"sign-") {
		return root + "organizations"
	}
	return u.RequestURI()
}
