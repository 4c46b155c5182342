package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"time"
)

var (
	// accountNameForm is IAM's of an account alias, but for its length and names of digits alone.
	accountNameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	accountForm     = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm      = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
	// aliasForm is WorkMail's OrganizationName.
	aliasForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,60}[a-z0-9]$`)
	domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// complete fills what follows from other keys and refuses what cannot work.
func (c *Config) complete() error {
	if !accountForm.MatchString(c.Account) {
		return fmt.Errorf("account = %q: want 12 digits", c.Account)
	}
	if !regionForm.MatchString(c.Region) {
		return fmt.Errorf("region = %q: want a Region name such as %q", c.Region, DefaultRegion)
	}
	if c.MemoryLimit < 0 {
		return fmt.Errorf("memory_limit = %d: want a number of bytes", c.MemoryLimit)
	}
	if c.MinFreeSpace < 0 || c.Checkpoint < 0 {
		return fmt.Errorf("min_free_space = %d, checkpoint_seconds = %v: want no negative number", c.MinFreeSpace, c.Checkpoint)
	}
	if l := c.Limits; min(l.Connections, l.AddressConnections, l.Searches, l.InFlight) < 0 || l.Bodies < 0 || l.Requests < 0 {
		return fmt.Errorf("[limits]: want no negative number")
	}
	if err := c.CheckListen(); err != nil {
		return err
	}
	accounts, err := c.accounts()
	if err != nil {
		return err
	}
	aliases := make(map[string]bool)
	for i := range c.Organizations {
		o := &c.Organizations[i]
		id, known := accounts[o.Account]
		if !known {
			return fmt.Errorf("[[organization]] %d: account = %q is not declared", i+1, o.Account)
		}
		o.Account = id
		if err := c.Organizations[i].complete(aliases); err != nil {
			return fmt.Errorf("[[organization]] %d: %w", i+1, err)
		}
	}
	names := make(map[string]bool)
	for i := range c.Sources {
		if err := c.Sources[i].complete(aliases, names); err != nil {
			return fmt.Errorf("[[source]] %d: %w", i+1, err)
		}
	}
	return nil
}

// accounts returns the ids of the declared accounts by id and by name; the empty
// name is that of the first account.
func (c *Config) accounts() (map[string]string, error) {
	known := map[string]string{"": c.Account}
	for i, a := range append([]Account{{c.Account, c.AccountName}}, c.OtherAccounts...) {
		where := "account"
		if i > 0 {
			where = fmt.Sprintf("[[other_account]] %d", i)
		}
		if !accountForm.MatchString(a.ID) {
			return nil, fmt.Errorf("%s: id = %q: want 12 digits", where, a.ID)
		}
		if a.Name != "" && (len(a.Name) < 3 || len(a.Name) > 63 || !accountNameForm.MatchString(a.Name) || a.Name == "default") {
			return nil, fmt.Errorf("%s: name = %q: want 3 to 63 lower-case letters, digits and single inner hyphens", where, a.Name)
		}
		for _, name := range []string{a.ID, a.Name} {
			if name == "" {
				continue
			}
			if _, taken := known[name]; taken {
				return nil, fmt.Errorf("%s: %s is declared twice", where, name)
			}
			known[name] = a.ID
		}
	}
	return known, nil
}

// CheckListen refuses an address beyond loopback without TLS, unless the
// configuration says that this is meant.
func (c *Config) CheckListen() error {
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		return fmt.Errorf("tls: certificate and key must be given together")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen = %q: %w", c.Listen, err)
	}
	if c.TLS.Enabled() || c.AllowInsecureListen || host == "localhost" {
		return nil
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		return nil
	}
	return fmt.Errorf("listen = %q reaches beyond this machine without TLS: set tls.certificate and tls.key, "+
		"or allow_insecure_listen = true behind a proxy that ends TLS", c.Listen)
}

func (o *Organization) complete(aliases map[string]bool) error {
	if !aliasForm.MatchString(o.Alias) {
		return fmt.Errorf("alias = %q: want 2 to 62 lower-case letters, digits and inner hyphens", o.Alias)
	}
	if aliases[o.Alias] {
		return fmt.Errorf("alias = %q is declared twice", o.Alias)
	}
	aliases[o.Alias] = true
	for _, d := range o.Domains {
		if !domainForm.MatchString(d) {
			return fmt.Errorf("domains: %q is no lower-case domain name", d)
		}
	}
	var err error
	o.EventLogging, err = eventLogging(o.RawEventLogging)
	return err
}

// eventLogging reads the key's three forms.
func eventLogging(raw any) (EventLogging, error) {
	switch v := raw.(type) {
	case nil:
		return EventLogging{Mode: LoggingOff}, nil
	case string:
		if v == LoggingOff || v == LoggingDefault {
			return EventLogging{Declared: true, Mode: v}, nil
		}
	case map[string]any:
		group, _ := v["log_group"].(string)
		role, hasRole := v["role"].(string)
		want := 1
		if hasRole {
			want = 2
		}
		if group != "" && len(v) == want {
			return EventLogging{Declared: true, Mode: LoggingCustom, LogGroup: group, Role: role}, nil
		}
	}
	return EventLogging{}, fmt.Errorf(`event_logging = %v: want "off", "default" or { log_group = "NAME", role = "NAME" }`, raw)
}

func (s *Source) complete(aliases, names map[string]bool) error {
	if !aliases[s.Organization] {
		return fmt.Errorf("organization = %q is not declared by an [[organization]]", s.Organization)
	}
	switch {
	case s.Type != "postfix" && s.Type != "dovecot":
		return fmt.Errorf(`type = %q: want "postfix" or "dovecot"`, s.Type)
	case s.Type == "dovecot" && s.Milter != "":
		return fmt.Errorf("milter: only a postfix source has one")
	case s.Log == "" && s.Milter == "":
		return fmt.Errorf("log: nothing to watch; name the server's log file")
	}
	if s.Milter != "" {
		if _, _, err := net.SplitHostPort(s.Milter); err != nil {
			return fmt.Errorf("milter = %q: %w", s.Milter, err)
		}
	}
	if s.Name == "" {
		s.Name = s.Type + ":" + s.Log
		if s.Log == "" {
			s.Name = s.Type + ":" + s.Milter
		}
	}
	if names[s.Name] {
		return fmt.Errorf("name = %q is used twice", s.Name)
	}
	names[s.Name] = true
	s.Location = time.Local
	if s.Timezone != "" {
		loc, err := time.LoadLocation(s.Timezone)
		if err != nil {
			return fmt.Errorf("timezone = %q: %w", s.Timezone, err)
		}
		s.Location = loc
	}
	return nil
}
