// Package config reads waybill.toml: strict TOML in which every key is optional
// and an unknown key is an error. The field comments are the reference;
// docs/waybill.toml is a commented example that a test decodes.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Defaults of a server started without a configuration file.
const (
	DefaultAccount = "111122223333" // the account of Amazon's sample policies
	DefaultRegion  = "us-east-1"
	DefaultListen  = "127.0.0.1:8420"
	DefaultData    = "./waybill-data"
)

// Config is a whole configuration file.
type Config struct {
	// Account is the 12-digit account that owns what is declared here. It is
	// created at first start together with its administrator.
	Account string `toml:"account"`
	// AccountName is the account's alias (IAM CreateAccountAlias), which the
	// console's sign-in takes for the account. It is set if there is none yet.
	AccountName string `toml:"account_name"`
	// OtherAccounts are further accounts of the server, created likewise.
	OtherAccounts []Account `toml:"other_account"`
	// Region is where organizations declared here live.
	Region string `toml:"region"`
	// Data is the data folder; a relative path is relative to the working directory.
	Data string `toml:"data"`
	// KeyFile seals what the databases keep secret. Default: key in the data folder.
	// A relative path is relative to the working directory.
	KeyFile string `toml:"key_file"`
	// Listen is the one address, host:port, of the console and all AWS APIs.
	Listen string `toml:"listen"`
	// AllowInsecureListen permits an address beyond loopback without TLS, for a
	// server behind a proxy that ends TLS.
	AllowInsecureListen bool `toml:"allow_insecure_listen"`
	// MemoryLimit bounds the log engine's caches, in bytes. Zero means 256 MiB.
	MemoryLimit int64 `toml:"memory_limit"`
	// Restarts says that the process is nothing but a server, which may begin anew
	// when its log engine gives up. It is the command's to say.
	Restarts bool `toml:"-"`
	// MinFreeSpace is the free space on the data folder's disk, in bytes, below
	// which log events are refused. Zero means 256 MiB.
	MinFreeSpace int64 `toml:"min_free_space"`
	// Checkpoint is how often, in seconds, the log engine is made to write to disk
	// what the journal holds. Zero means 10.
	Checkpoint float64 `toml:"checkpoint_seconds"`
	// Limits keep one client, or many, from taking the whole server.
	Limits Limits `toml:"limits"`
	// TLS serves HTTPS when both files are named.
	TLS TLS `toml:"tls"`
	// Organizations are created at start if missing and never deleted by omission.
	Organizations []Organization `toml:"organization"`
	// Sources are the mail servers to watch.
	Sources []Source `toml:"source"`
}

// Limits bound what clients may ask for; a zero means the default.
type Limits struct {
	// Connections is how many connections may be open at once, AddressConnections
	// how many of one address, except this machine's own. Defaults 4096 and 512.
	Connections        int `toml:"connections"`
	AddressConnections int `toml:"connections_per_address"`
	// Bodies is how many bytes of request bodies may be in memory at once. Default 256 MiB.
	Bodies int64 `toml:"body_bytes"`
	// Requests is how many requests an account may make in a second, of each
	// family of operations: writing events, reading and searching them, all
	// others. Default 2000. Beyond it answers are ThrottlingException.
	Requests float64 `toml:"requests_per_second"`
	// InFlight is how many requests of an account may be under way at once. Default 1024.
	InFlight int `toml:"requests_in_flight"`
	// Searches is how many FilterLogEvents run at once; others wait some seconds for
	// their turn. Default 16.
	Searches int `toml:"searches"`
}

// Account is one AWS-shaped account.
type Account struct {
	// ID is 12 digits.
	ID string `toml:"id"`
	// Name is its alias, as AccountName; its profile in the credentials file bears
	// it, or the id if there is no name.
	Name string `toml:"name"`
}

// Profile is the account's profile in the credentials file.
func (a Account) Profile() string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}

// TLS names certificate files in PEM form.
type TLS struct {
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
}

// Enabled reports whether HTTPS is to be served.
func (t TLS) Enabled() bool { return t.Certificate != "" }

// Organization declares a WorkMail-shaped organization.
type Organization struct {
	// Account owns it: the id or name of a declared account. Default: account. It
	// is the id once the file is read.
	Account string `toml:"account"`
	// Alias names it; it becomes the last part of the default log group's name.
	Alias string `toml:"alias"`
	// Domains are its mail domains: mail to them is incoming, mail from its users to
	// anywhere is outgoing. The first is the default domain.
	Domains []string `toml:"domains"`
	// EventLogging is "off" (the default), "default", or a table with log_group and role.
	EventLogging EventLogging `toml:"-"`
	// RawEventLogging is event_logging as written.
	RawEventLogging any `toml:"event_logging"`
}

// EventLogging says where mail events go.
type EventLogging struct {
	// Declared is false when the key is absent: then the setting is left as it is.
	Declared bool
	// Mode is "off", "default" or "custom".
	Mode string
	// LogGroup and Role are names in the same account and Region, for "custom".
	LogGroup string
	Role     string
}

// The modes of EventLogging.
const (
	LoggingOff     = "off"
	LoggingDefault = "default"
	LoggingCustom  = "custom"
)

// Source is one view of one mail server.
type Source struct {
	// Organization is the alias of the organization whose mail this server carries.
	Organization string `toml:"organization"`
	// Type is "postfix" or "dovecot".
	Type string `toml:"type"`
	// Name tells sources apart in metrics and the console. Default: type, then log or milter.
	Name string `toml:"name"`
	// Log is the file to follow.
	Log string `toml:"log"`
	// Milter is the address, host:port, on which Postfix reaches Waybill's
	// milter (type "postfix" only).
	Milter string `toml:"milter"`
	// Timezone is the IANA name of the zone of stamps that have none (RFC 3164).
	// Default: the machine's.
	Timezone string `toml:"timezone"`
	// Location is Timezone resolved.
	Location *time.Location `toml:"-"`
	// AuthservIDs are the authserv-ids (RFC 8601) whose Authentication-Results fields are
	// believed. Default: the mail server's own host name.
	AuthservIDs []string `toml:"authserv_ids"`
	// JournalAddresses are recipients that receive copies of all mail (always_bcc).
	JournalAddresses []string `toml:"journal_addresses"`
}

// KeyPath is where the key file is.
func (c *Config) KeyPath() string {
	if c.KeyFile != "" {
		return c.KeyFile
	}
	return filepath.Join(c.Data, "key")
}

// Default returns the configuration of a server started without a file.
func Default() *Config {
	return &Config{Account: DefaultAccount, Region: DefaultRegion, Listen: DefaultListen, Data: DefaultData}
}

// Load reads and checks a file.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	cfg, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cfg, nil
}

// Parse reads and checks the text of a file.
func Parse(data []byte) (*Config, error) {
	cfg := Default()
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(cfg); err != nil {
		return nil, explain(err)
	}
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// explain turns the decoder's errors into one line with the place.
func explain(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var keys []string
		for _, e := range strict.Errors {
			line, _ := e.Position()
			keys = append(keys, fmt.Sprintf("line %d: unknown key %q", line, strings.Join(e.Key(), ".")))
		}
		return errors.New(strings.Join(keys, "; "))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, column := decode.Position()
		return fmt.Errorf("line %d, column %d: %s", line, column, strings.TrimPrefix(decode.Error(), "toml: "))
	}
	return err
}
