package console

import (
	"crypto/hmac"
	"net/http"
)

// contentPolicy allows the console's own stylesheet, images and forms, and
// nothing else: no script of any kind and no other host.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// secureHeaders sets the headers that every answer of the console carries.
// Strict-Transport-Security is not among them: it would bind every other
// service on the same host name, which the console does not own.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Trace ids and addresses stand in URLs; they stay on this origin.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		// Pages hold personal data; static files overrule this.
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// maxForm bounds a posted form. The largest honest one holds two ARNs.
const maxForm = 64 << 10

// tokenField is the hidden field with the form token.
const tokenField = "token"

// checkForm reports whether r carries the token that belongs to the cookie's
// value. It parses the form, so the body is bounded first.
func checkForm(w http.ResponseWriter, r *http.Request, value string) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return false
	}
	return value != "" && hmac.Equal([]byte(r.PostForm.Get(tokenField)), []byte(formToken(value)))
}

// Cookies. Under TLS the names carry the __Host- prefix, with which browsers
// refuse a cookie that another host or an unencrypted answer tries to set.
const (
	sessionCookie = "waybill-session"
	signInCookie  = "waybill-sign-in"
	regionCookie  = "waybill-region"
)

func (c *Console) isSecure(r *http.Request) bool { return c.cfg.Secure || r.TLS != nil }

func (c *Console) cookieName(r *http.Request, name string) string {
	if c.isSecure(r) {
		return "__Host-" + name
	}
	return name
}

func (c *Console) setCookie(w http.ResponseWriter, r *http.Request, name, value string, same http.SameSite, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: c.cookieName(r, name), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: c.isSecure(r), SameSite: same,
	})
}

func (c *Console) cookie(r *http.Request, name string) string {
	ck, err := r.Cookie(c.cookieName(r, name))
	if err != nil {
		return ""
	}
	return ck.Value
}
