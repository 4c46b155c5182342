package console

import (
	"net/http"
	"path"
	"strings"

	"waybill/internal/arn"
)

// What the default settings are (WorkMail administrator guide, "Enabling email
// event logging").
const (
	defaultGroupPrefix = "/aws/workmail/emailevents/"
	defaultRetention   = 30 // days
	servicePrincipal   = "events.workmail.amazonaws.com"
	serviceRoleName    = "AWSServiceRoleForAmazonWorkMailEvents"
	serviceRolePath    = "/aws-service-role/"
)

func defaultGroup(org organization) string { return defaultGroupPrefix + org.Alias }

// setting is an organization's email monitoring configuration.
type setting struct {
	Enabled bool
	// Default says that it is what the default settings make.
	Default bool
	// LogGroup is the group's name, GroupARN its ARN without ":*".
	LogGroup, GroupARN string
	RoleARN            string
}

// RoleName is the name of the role in use.
func (s setting) RoleName() string {
	a, err := arn.Parse(s.RoleARN)
	if err != nil {
		return s.RoleARN
	}
	return path.Base(a.Resource)
}

// serviceLinked reports whether the role is the one that the service made for itself.
func (s setting) serviceLinked() bool { return strings.Contains(s.RoleARN, ":role"+serviceRolePath) }

// settingsPart is what several pages show of the settings and the delivery.
type settingsPart struct {
	Setting       setting
	Delivery      DeliveryState
	DeliveryError bool
}

// settingsPart reads an organization's settings and, when they are on, how
// publishing goes. The delivery state is part of the configuration: who may
// describe the one may see the other.
func (c *Console) settingsPart(r *request, org organization) (settingsPart, error) {
	var part settingsPart
	var err error
	if part.Setting, err = c.calls.setting(r.Context(), r.call, org); err != nil || !part.Setting.Enabled {
		return part, err
	}
	if part.Delivery, err = c.cfg.Deliveries.Delivery(r.Context(), org.ID); err != nil {
		c.cfg.Logger.Error("read delivery state", "organization", org.ID, "request", r.chrome.RequestID, "error", err)
		part.DeliveryError = true
	}
	return part, nil
}

// settingsView is the pages "Logging settings" and "Monitoring".
type settingsView struct {
	chrome
	settingsPart
}

func (c *Console) loggingSettings(w http.ResponseWriter, r *request) error {
	return c.showSettings(w, r, "logging-settings", "Logging settings")
}

func (c *Console) monitoring(w http.ResponseWriter, r *request) error {
	return c.showSettings(w, r, "monitoring", "Monitoring")
}

func (c *Console) showSettings(w http.ResponseWriter, r *request, name, title string) error {
	org, ch, err := c.enter(r, name)
	if err != nil {
		return err
	}
	v := settingsView{chrome: ch}
	v.Title = v.T(title)
	if v.settingsPart, err = c.settingsPart(r, org); err != nil {
		return err
	}
	switch r.URL.Query().Get("saved") {
	case "on":
		v.Notice = v.T("Saved. Mail events are on.")
	case "off":
		v.Notice = v.T("Saved. Mail events are off.")
	}
	return c.render(w, http.StatusOK, name, v)
}
