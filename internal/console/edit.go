package console

import (
	"net/http"
	"strings"

	"waybill/internal/arn"
)

// editView is the form behind both Edit buttons.
type editView struct {
	chrome
	// From is the page that Edit was chosen on, Heading its section.
	From, Heading string
	Form          settingsForm
	Groups, Roles []choice
	// GroupsAlert and RolesAlert say why a list could not be read.
	GroupsAlert, RolesAlert *failure
	// Alert says why saving was refused, Problems what is wrong with a field, by
	// its name.
	Alert    *failure
	Problems map[string]string
	// DefaultGroup and DefaultRole are what the default settings would create.
	DefaultGroup, DefaultRole string
}

// choice is one entry of a select, or a link with its text.
type choice struct {
	Value, Name string
	Selected    bool
}

// settingsForm is what the form holds. Group and Role are ARNs; the role may be
// serviceLinked.
type settingsForm struct {
	Enabled, Default, Authorized bool
	Group, Role                  string
}

// serviceLinked stands for the service-linked role among the roles to choose.
const serviceLinked = "service-linked"

func readSettingsForm(r *request) settingsForm {
	on := func(name string) bool { return r.PostForm.Get(name) == "on" }
	return settingsForm{
		Enabled: on("enabled"), Default: on("default"), Authorized: on("authorize"),
		Group: r.PostForm.Get("group"), Role: r.PostForm.Get("role"),
	}
}

func formOf(s setting) settingsForm {
	f := settingsForm{Enabled: s.Enabled, Default: s.Default || !s.Enabled}
	if s.Enabled && !s.Default {
		f.Group, f.Role = s.GroupARN, s.RoleARN
		if s.serviceLinked() {
			f.Role = serviceLinked
		}
	}
	return f
}

// problems says what keeps the form from being saved, by field.
func (f settingsForm) problems(ch chrome) map[string]string {
	p := map[string]string{}
	if !f.Enabled {
		return p
	}
	if !f.Default && f.Group == "" {
		p["group"] = ch.T("Choose a log group, or use the default settings.")
	}
	if !f.Default && f.Role == "" {
		p["role"] = ch.T("Choose a role, or use the default settings.")
	}
	if !f.Authorized {
		p["authorize"] = ch.T("Nothing was saved: mail events can be published only with this authorization.")
	}
	return p
}

// editSettings shows the form with what is in force.
func (c *Console) editSettings(w http.ResponseWriter, r *request) error {
	org, ch, err := c.enter(r, editedFrom(r))
	if err != nil {
		return err
	}
	current, err := c.calls.setting(r.Context(), r.call, org)
	if err != nil {
		return err
	}
	return c.showEdit(w, r, http.StatusOK, org, editView{chrome: ch, Form: formOf(current)})
}

// saveSettings acts on the form. What it refuses it shows again as it was filled in.
func (c *Console) saveSettings(w http.ResponseWriter, r *request) error {
	org, ch, err := c.enter(r, editedFrom(r))
	if err != nil {
		return err
	}
	v := editView{chrome: ch, Form: readSettingsForm(r)}
	if v.Problems = v.Form.problems(ch); len(v.Problems) > 0 {
		v.Alert = &failure{Heading: ch.T("Not saved"), Message: ch.T("Please complete the form.")}
		if why := v.Problems["authorize"]; why != "" && len(v.Problems) == 1 {
			v.Alert.Message = why
		}
		return c.showEdit(w, r, http.StatusUnprocessableEntity, org, v)
	}
	if err := c.save(r, org, v.Form); err != nil {
		f := ch.explain(err)
		if isOurs(err) {
			c.cfg.Logger.Error("save email monitoring configuration", "organization", org.ID, "request", ch.RequestID, "error", err)
		}
		v.Alert = &f
		return c.showEdit(w, r, f.Status, org, v)
	}
	saved := "off"
	if v.Form.Enabled {
		saved = "on"
	}
	http.Redirect(w, r.Request, ch.Org()+"/"+editedFrom(r)+"?saved="+saved, http.StatusSeeOther)
	return nil
}

func (c *Console) save(r *request, org organization, f settingsForm) error {
	switch {
	case !f.Enabled:
		return c.calls.disable(r.Context(), r.call, org)
	case f.Default:
		return c.calls.enableDefault(r.Context(), r.call, org)
	default:
		role := f.Role
		if role == serviceLinked {
			role = ""
		}
		return c.calls.enableCustom(r.Context(), r.call, org, f.Group, role)
	}
}

// showEdit fills in what the lists offer. A list that may not be read says so
// in its place and leaves the rest of the form usable.
func (c *Console) showEdit(w http.ResponseWriter, r *request, status int, org organization, v editView) error {
	v.From = editedFrom(r)
	v.Heading = v.T("Email flow log settings")
	if v.From == "monitoring" {
		v.Heading = v.T("Log settings")
	}
	v.Title = v.Heading
	v.DefaultGroup, v.DefaultRole = defaultGroup(org), serviceRoleName
	groups, err := c.calls.logGroups(r.Context(), r.call)
	if v.GroupsAlert, err = v.listFailure(err); err != nil {
		return err
	}
	for _, name := range groups {
		v.Groups = append(v.Groups, choice{Value: arn.LogGroup(r.call.Region, r.call.Caller.Account, name), Name: name})
	}
	roles, err := c.calls.roles(r.Context(), r.call)
	if v.RolesAlert, err = v.listFailure(err); err != nil {
		return err
	}
	v.Roles = append([]choice{{Value: serviceLinked, Name: v.T("%s (service-linked role)", serviceRoleName)}}, roles...)
	v.Groups = selectChoice(v.Groups, v.Form.Group)
	v.Roles = selectChoice(v.Roles, v.Form.Role)
	return c.render(w, status, "edit", v)
}

// listFailure keeps what the reader can understand and hands back the rest.
func (c chrome) listFailure(err error) (*failure, error) {
	if err == nil || isOurs(err) {
		return nil, err
	}
	f := c.explain(err)
	return &f, nil
}

// selectChoice marks the chosen value. One that is not in the list (it was
// deleted, or the list may not be read) is added, so that the form keeps it.
func selectChoice(list []choice, value string) []choice {
	if value == "" {
		return list
	}
	for i := range list {
		if list[i].Value == value {
			list[i].Selected = true
			return list
		}
	}
	return append(list, choice{Value: value, Name: value, Selected: true})
}

// editedFrom is the page whose Edit button led to the form.
func editedFrom(r *request) string {
	if strings.Contains(r.URL.Path, "/monitoring/") {
		return "monitoring"
	}
	return "logging-settings"
}
