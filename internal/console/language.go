package console

import (
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Every text of the console goes through a printer of this catalogue, with the
// English text as its key: in templates as {{$.T "..."}}, in Go as
// printer.Sprintf. Another language is another block of entries here. English
// needs entries only where a number changes the words.
func newCatalog() (*catalog.Builder, error) {
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	for key, m := range map[string]catalog.Message{
		"%d organizations in this Region.": plural.Selectf(1, "%d",
			"=0", "No organization in this Region.", "=1", "1 organization in this Region.", "other", "%[1]d organizations in this Region."),
		"%d events on this page": plural.Selectf(1, "%d",
			"=1", "1 event on this page", "other", "%[1]d events on this page"),
		"%d records on this page": plural.Selectf(1, "%d",
			"=0", "No record on this page", "=1", "1 record on this page", "other", "%[1]d records on this page"),
		"%d events are waiting to be published.": plural.Selectf(1, "%d",
			"=0", "No event is waiting.", "=1", "1 event is waiting to be published.", "other", "%[1]d events are waiting to be published."),
		"%d more": plural.Selectf(1, "%d", "other", "%[1]d more"),
		"Too many attempts. Try again in %d minutes.": plural.Selectf(1, "%d",
			"=1", "Too many attempts. Try again in 1 minute.", "other", "Too many attempts. Try again in %[1]d minutes."),
	} {
		if err := b.Set(language.English, key, m); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// printerFor returns the printer in the reader's language: the first of the
// Accept-Language header that the catalogue has, English otherwise.
func printerFor(cat catalog.Catalog, acceptLanguage string) (*message.Printer, language.Tag) {
	tag := language.English
	if wanted, _, err := language.ParseAcceptLanguage(acceptLanguage); err == nil && len(wanted) > 0 {
		tags := cat.Languages()
		if _, i, confidence := cat.Matcher().Match(wanted...); confidence != language.No && i < len(tags) {
			tag = tags[i]
		}
	}
	return message.NewPrinter(tag, message.Catalog(cat)), tag
}
