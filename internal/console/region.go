package console

import (
	"net/http"
	"slices"
)

// regionNames are the Regions in which Amazon WorkMail was offered, and others
// that a server may be configured for, with AWS's names for them.
var regionNames = map[string]string{
	"us-east-1":      "US East (N. Virginia)",
	"us-east-2":      "US East (Ohio)",
	"us-west-1":      "US West (N. California)",
	"us-west-2":      "US West (Oregon)",
	"ca-central-1":   "Canada (Central)",
	"eu-west-1":      "Europe (Ireland)",
	"eu-west-2":      "Europe (London)",
	"eu-west-3":      "Europe (Paris)",
	"eu-central-1":   "Europe (Frankfurt)",
	"eu-central-2":   "Europe (Zurich)",
	"eu-north-1":     "Europe (Stockholm)",
	"eu-south-1":     "Europe (Milan)",
	"ap-northeast-1": "Asia Pacific (Tokyo)",
	"ap-southeast-1": "Asia Pacific (Singapore)",
	"ap-southeast-2": "Asia Pacific (Sydney)",
	"ap-south-1":     "Asia Pacific (Mumbai)",
	"sa-east-1":      "South America (São Paulo)",
}

// defaultRegions are offered when the configuration names none: those of WorkMail.
var defaultRegions = []string{"us-east-1", "us-west-2", "eu-west-1"}

// regionChoice is one entry of the Region selector.
type regionChoice struct {
	Code, Name string
	Selected   bool
}

// region returns the Region the browser has chosen, the default otherwise. A
// link may name one with ?region=, as links into AWS's console do.
func (c *Console) region(r *http.Request) string {
	for _, code := range []string{r.URL.Query().Get("region"), c.cookie(r, regionCookie)} {
		if slices.Contains(c.cfg.Regions, code) {
			return code
		}
	}
	return c.cfg.Regions[0]
}

func (c *Console) regionChoices(chosen string) []regionChoice {
	var list []regionChoice
	for _, code := range c.cfg.Regions {
		list = append(list, regionChoice{Code: code, Name: regionNames[code], Selected: code == chosen})
	}
	return list
}

const yearSeconds = 365 * 24 * 60 * 60

// chooseRegion remembers a choice in the browser. Organizations belong to one
// Region, so the reader goes to the list of the chosen one.
func (c *Console) chooseRegion(w http.ResponseWriter, r *http.Request) error {
	code := r.PostForm.Get("region")
	if !slices.Contains(c.cfg.Regions, code) {
		return badRequest("There is no Region %q here.", code)
	}
	c.setCookie(w, r, regionCookie, code, http.SameSiteLaxMode, yearSeconds)
	http.Redirect(w, r, root+"organizations", http.StatusSeeOther)
	return nil
}
