package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/message"

	"waybill/internal/iam"
	"waybill/internal/trace"
)

//go:embed templates/*.html
var templateFiles embed.FS

// chrome is what every page has around its own content. Page view models embed it.
type chrome struct {
	printer *message.Printer
	// Language is the page's, as a BCP 47 tag.
	Language string
	Title    string
	// Style and Icon are the paths of static files, which change with their contents.
	Style, Icon string
	Principal   iam.Principal // zero when nobody is signed in
	Region      string
	Regions     []regionChoice
	// Token goes into every form.
	Token     string
	RequestID string
	// Nav is the organization whose navigation pane is shown, nil for the first one.
	Nav *navigation
	// Section is the first pane's entry that the page belongs to; empty for Organizations.
	Section string
	// Notice is a short message of success above the content.
	Notice string
}

// navigation is the pane of one organization.
type navigation struct {
	ID, Name string
	// Active is the entry that the page belongs to.
	Active string
}

// T puts a text into the page's language.
func (c chrome) T(key string, args ...any) string { return c.printer.Sprintf(key, args...) }

// SignedIn reports whether somebody is.
func (c chrome) SignedIn() bool { return c.Principal.ARN != "" }

// RegionName is the long name of the chosen Region, its code where it has none.
func (c chrome) RegionName() string {
	if name := regionNames[c.Region]; name != "" {
		return name
	}
	return c.Region
}

// Org is the path below which the organization's pages are.
func (c chrome) Org() string {
	if c.Nav == nil {
		return ""
	}
	return root + "organizations/" + c.Nav.ID
}

// parseTemplates reads every page together with the layout. A page is a file
// that defines "content"; names that begin with "_" are shared parts.
func parseTemplates(files fs.FS) (map[string]*template.Template, error) {
	funcs := template.FuncMap{
		"stamp":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"millis":   func(t time.Time) string { return t.UTC().Format("15:04:05.000") },
		"day":      func(t time.Time) string { return t.UTC().Format("2006-01-02") },
		"clock":    func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"datetime": func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") },
		"minute":   trace.Stamp,
		"span":     trace.Span,
		"address":  breakable,
		"root":     func() string { return root },
		"field":    func() string { return tokenField },
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		base := strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".html")
		if strings.HasPrefix(base, "_") {
			continue
		}
		t, err := template.New("_layout.html").Funcs(funcs).ParseFS(files, "templates/_*.html", name)
		if err != nil {
			return nil, fmt.Errorf("parse console template %s: %w", base, err)
		}
		pages[base] = t
	}
	return pages, nil
}

// breakable lets a line break after the "@" of an address.
func breakable(address string) template.HTML {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return template.HTML(template.HTMLEscapeString(address))
	}
	return template.HTML(template.HTMLEscapeString(local) + "@<wbr>" + template.HTMLEscapeString(domain))
}

// render writes a page. It is made whole before the first byte goes out, so a
// failing template never leaves half a page.
func (c *Console) render(w http.ResponseWriter, status int, page string, view any) error {
	t, ok := c.pages[page]
	if !ok {
		return fmt.Errorf("render console page %q: no such template", page)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view); err != nil {
		return fmt.Errorf("render console page %q: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser went away: nobody is left to tell
	return nil
}
