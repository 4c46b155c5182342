package console

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/text/message/catalog"

	"waybill/internal/api"
	"waybill/internal/awserr"
	"waybill/internal/iam"
)

// root is the path below which the console lives. "/" itself belongs to the AWS
// APIs, whose clients post there.
const root = "/console/"

// Identities knows the users of the console.
type Identities interface {
	// SignIn returns the user when the password is theirs. A wrong account,
	// user or password is an *awserr.Error that does not tell which it was.
	// A right password that must be replaced is the code iam.CodePasswordReset, with
	// the principal there for nothing but changing it.
	SignIn(ctx context.Context, account, user, password string) (iam.Principal, error)
	// UserPrincipal returns a user as it is now, under its present name and tags. One
	// who is gone is the code iam.CodeInvalidToken.
	UserPrincipal(ctx context.Context, userID string) (iam.Principal, error)
}

// Deliveries tells how publishing goes for an organization.
type Deliveries interface {
	Delivery(ctx context.Context, organization string) (DeliveryState, error)
}

// DeliveryState is how publishing an organization's mail events goes.
type DeliveryState struct {
	// LastSuccess is when events last reached the log group, zero if never.
	LastSuccess time.Time
	// Waiting counts the events in the outbox; Oldest is the time of the first.
	Waiting int
	Oldest  time.Time
	// LastError is why the last attempt failed, "" when it succeeded; it is
	// meant for the reader. FailedAt is when that was.
	LastError string
	FailedAt  time.Time
}

// SignIn is one attempt to sign in, for the audit trail.
type SignIn struct {
	// Call says from where and when; its Caller is set if the attempt succeeded.
	Call api.Call
	// Account and User are what was typed.
	Account, User string
	// Failure says why it failed; empty for success.
	Failure string
}

// Config is what a Console is made of.
type Config struct {
	Database   Database
	Identities Identities
	Deliveries Deliveries
	Door       *api.Door
	Logger     *slog.Logger
	// SignedIn is told of every attempt to sign in; nil if nobody wants to know.
	SignedIn func(context.Context, SignIn)
	// Now is the clock.
	Now func() time.Time
	// Account is filled in on the sign-in page.
	Account string
	// Regions are those to choose from, the first being the default. Empty means
	// the Regions of WorkMail.
	Regions []string
	// Secure says that TLS ends in front of the server, so cookies must be
	// marked Secure although requests arrive without TLS.
	Secure bool
}

// Console is the web console. Its methods are safe for concurrent use.
type Console struct {
	cfg      Config
	sessions sessions
	throttle *throttle
	catalog  catalog.Catalog
	pages    map[string]*template.Template
	assets   map[string]asset
	names    map[string]string
	calls    calls
}

// New makes a console. An error means that the embedded pages are broken.
func New(cfg Config) (*Console, error) {
	if len(cfg.Regions) == 0 {
		cfg.Regions = defaultRegions
	}
	cat, err := newCatalog()
	if err != nil {
		return nil, err
	}
	pages, err := parseTemplates(templateFiles)
	if err != nil {
		return nil, err
	}
	assets, names, err := readAssets(staticFiles)
	if err != nil {
		return nil, err
	}
	return &Console{
		cfg: cfg, sessions: sessions{cfg.Database, cfg.Now}, throttle: &throttle{now: cfg.Now},
		catalog: cat, pages: pages, assets: assets, names: names, calls: calls{cfg.Door},
	}, nil
}

// request is one request as the pages see it.
type request struct {
	*http.Request
	session session
	chrome  chrome
	call    *api.Call
}

// page answers one request of somebody who is signed in. An error becomes the
// error page.
type page func(http.ResponseWriter, *request) error

// Handler serves the console. Mount it at "/console/"; it keeps that prefix.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.Handle(pattern, c.open(h))
	}
	signedIn := func(pattern string, h page) { mux.Handle(pattern, c.signedIn(h)) }

	mux.HandleFunc("GET "+root+"static/{file}", c.serveAsset)
	open("GET "+root+"sign-in", c.signInPage)
	open("POST "+root+"sign-in", c.signIn)

	const org = root + "organizations/{organization}"
	signedIn("POST "+root+"sign-out", c.signOut)
	signedIn("POST "+root+"region", func(w http.ResponseWriter, r *request) error { return c.chooseRegion(w, r.Request) })
	signedIn("GET "+root+"{$}", c.home)
	signedIn("GET "+root+"organizations", c.organizations)
	signedIn("GET "+root+"audit", c.audit)
	signedIn("GET "+org, c.organization)
	signedIn("GET "+org+"/logging-settings", c.loggingSettings)
	signedIn("GET "+org+"/logging-settings/edit", c.editSettings)
	signedIn("POST "+org+"/logging-settings/edit", c.saveSettings)
	signedIn("GET "+org+"/monitoring", c.monitoring)
	signedIn("GET "+org+"/monitoring/edit", c.editSettings)
	signedIn("POST "+org+"/monitoring/edit", c.saveSettings)
	signedIn("GET "+org+"/messages", c.messages)
	signedIn("GET "+org+"/messages/{trace}", c.message)
	signedIn(root, func(http.ResponseWriter, *request) error { return notFound("The address %s leads nowhere.", "") })

	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(c.open(func(http.ResponseWriter, *http.Request) error {
		return &pageError{http.StatusForbidden, "The form came from another site, so nothing was done.", nil}
	}))
	return secureHeaders(origin.Handler(mux))
}

// open serves a page that needs no session.
func (c *Console) open(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			c.fail(w, r, c.chromeFor(r, session{}), err)
		}
	})
}

// signedIn serves a page that needs a session. Every request that is not a GET
// must carry the session's form token.
func (c *Console) signedIn(h page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := c.sessions.find(r.Context(), c.cookie(r, sessionCookie))
		if err == nil {
			s.Principal, err = c.cfg.Identities.UserPrincipal(r.Context(), s.Principal.UserID)
		}
		if errors.Is(err, errNoSession) || awserr.HasCode(err, iam.CodeInvalidToken) {
			c.askToSignIn(w, r)
			return
		}
		ch := c.chromeFor(r, s)
		if err == nil && r.Method != http.MethodGet && r.Method != http.MethodHead && !checkForm(w, r, s.value) {
			err = &pageError{http.StatusForbidden, "This form is no longer valid. Go back, reload the page and try again.", nil}
		}
		if err == nil {
			err = h(w, &request{r, s, ch, c.callFor(r, s, ch)})
		}
		if err != nil {
			c.fail(w, r, ch, err)
		}
	})
}

// fail answers with the error page.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, ch chrome, err error) {
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	if isOurs(err) {
		c.cfg.Logger.Error("console request failed", "request", ch.RequestID, "method", r.Method, "error", err)
	}
	f := ch.explain(err)
	ch.Title = f.Heading
	if err := c.render(w, f.Status, "error", errorView{ch, f}); err != nil {
		c.cfg.Logger.Error("console error page failed", "request", ch.RequestID, "error", err)
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	}
}

func (c *Console) chromeFor(r *http.Request, s session) chrome {
	printer, tag := printerFor(c.catalog, r.Header.Get("Accept-Language"))
	ch := chrome{
		printer: printer, Language: tag.String(),
		Style: root + "static/" + c.names["style.css"], Icon: root + "static/" + c.names["icon.svg"],
		Principal: s.Principal, RequestID: api.NewRequestID(),
	}
	if ch.SignedIn() {
		ch.Token = s.token()
		ch.Region = c.region(r)
		ch.Regions = c.regionChoices(ch.Region)
	}
	return ch
}

// callFor makes the call under which the door decides what the request may do.
func (c *Console) callFor(r *http.Request, s session, ch chrome) *api.Call {
	return &api.Call{
		Caller: s.Principal, Region: ch.Region, RequestID: ch.RequestID,
		Source: sourceOf(r), Secure: c.isSecure(r), UserAgent: r.UserAgent(), Time: c.cfg.Now(),
	}
}

func sourceOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func (c *Console) home(w http.ResponseWriter, r *request) error {
	http.Redirect(w, r.Request, root+"organizations", http.StatusSeeOther)
	return nil
}

// isNotFound reports whether AWS's code says that a thing does not exist.
func isNotFound(err error) bool {
	for _, code := range []string{"ResourceNotFoundException", "OrganizationNotFoundException", "NoSuchEntity"} {
		if awserr.HasCode(err, code) {
			return true
		}
	}
	return false
}
