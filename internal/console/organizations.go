package console

import "net/http"

// organization is one organization as the pages show it.
type organization struct {
	ID, Alias, State, Domain string
}

// Name is the alias, which AWS shows as the organization's name; a deleted
// organization has none.
func (o organization) Name() string {
	if o.Alias == "" {
		return o.ID
	}
	return o.Alias
}

// organizationsView is the list of the chosen Region's organizations.
type organizationsView struct {
	chrome
	Organizations []organization
}

func (c *Console) organizations(w http.ResponseWriter, r *request) error {
	list, err := c.calls.organizations(r.Context(), r.call)
	if err != nil {
		return err
	}
	v := organizationsView{chrome: r.chrome, Organizations: list}
	v.Title = v.T("Organizations")
	return c.render(w, http.StatusOK, "organizations", v)
}

// organizationView is one organization's first page.
type organizationView struct {
	chrome
	settingsPart
	Organization organization
	Domains      []string
	// SettingsAlert says why the settings cannot be shown, nil when they are.
	SettingsAlert *failure
}

func (c *Console) organization(w http.ResponseWriter, r *request) error {
	org, ch, err := c.enter(r, "")
	if err != nil {
		return err
	}
	v := organizationView{chrome: ch, Organization: org}
	v.Title = v.T("Organization details")
	if v.Domains, err = c.calls.domains(r.Context(), r.call, org.ID); err != nil {
		return err
	}
	if v.settingsPart, err = c.settingsPart(r, org); err != nil {
		f := ch.explain(err)
		if f.Status >= http.StatusInternalServerError {
			return err
		}
		v.SettingsAlert = &f
	}
	return c.render(w, http.StatusOK, "organization", v)
}

// enter finds the organization that a page is about and makes its navigation
// pane. active is the pane's entry.
func (c *Console) enter(r *request, active string) (organization, chrome, error) {
	id := r.PathValue("organization")
	org, err := c.calls.organization(r.Context(), r.call, id)
	if isNotFound(err) {
		return organization{}, chrome{}, notFound("There is no organization %s in %s. Choose its Region above.", id, r.call.Region)
	}
	if err != nil {
		return organization{}, chrome{}, err
	}
	ch := r.chrome
	ch.Nav = &navigation{ID: org.ID, Name: org.Name(), Active: active}
	return org, ch, nil
}
