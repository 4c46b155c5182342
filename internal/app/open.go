package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"waybill/internal/api"
	iamapi "waybill/internal/api/iam"
	logsapi "waybill/internal/api/logs"
	stsapi "waybill/internal/api/sts"
	workmailapi "waybill/internal/api/workmail"
	"waybill/internal/audit"
	"waybill/internal/config"
	"waybill/internal/console"
	"waybill/internal/iam"
	"waybill/internal/iam/seal"
	"waybill/internal/insights"
	"waybill/internal/logs"
	"waybill/internal/logs/engine"
	"waybill/internal/publish"
	"waybill/internal/spool"
	"waybill/internal/store"
	"waybill/internal/workmail"
)

func (s *Server) openFolder(context.Context) (err error) {
	if s.folder, err = openFolder(s.cfg.Data); err != nil {
		return err
	}
	s.onClose(s.folder.close)
	s.folder.useReserve(s.logger)
	if _, err := os.Stat(s.folder.file("meta.db")); errors.Is(err, fs.ErrNotExist) {
		// Only the first start may make the key: a new one would open nothing later.
		_, err := seal.OpenFile(s.cfg.KeyPath())
		return err
	}
	return nil
}

// keepReserve comes last: a server that has started may need the next start.
func (s *Server) keepReserve(context.Context) error {
	s.folder.keepReserve(s.logger)
	return nil
}

func (s *Server) openStores(ctx context.Context) (err error) {
	if s.db, err = store.Open(ctx, s.folder.file("meta.db"), s.logger); err != nil {
		return s.explainDamage("meta.db", err)
	}
	s.onClose(s.db.Close)
	if s.spool, err = spool.Open(ctx, s.folder.file("spool.db"), s.logger); err != nil {
		return s.explainDamage("spool.db", err)
	}
	s.onClose(s.spool.Close)
	return nil
}

// explainDamage says what to do about a database that cannot be read. Nothing is
// changed: these are not for a program to give up.
func (s *Server) explainDamage(name string, err error) error {
	if !store.IsDamaged(err) {
		return err
	}
	return fmt.Errorf("%s is damaged (%w): restore a backup into another folder with waybill restore and take this file from it, "+
		"with its -wal and -shm files removed here; see \"Damage\" in docs/operations.md", s.folder.file(name), err)
}

// openIdentity makes iam and workmail, which ask each other and logs at run time.
func (s *Server) openIdentity(ctx context.Context) error {
	var err error
	if s.protection, err = audit.NewProtection(); err != nil {
		return err
	}
	keyring, err := seal.ReadFile(s.cfg.KeyPath())
	if err != nil {
		return err
	}
	s.iam, err = iam.New(iam.Options{
		DB: s.db, Keyring: keyring, Logger: s.logger, Now: clock,
		ResourcePolicies: s.resourcePolicies,
		ResourceTags: func(ctx context.Context, resource string) (map[string]string, bool, error) {
			return s.logs.ResourceTags(ctx, resource)
		},
		InUse: s.linkedRoleUses,
	})
	if err != nil {
		return err
	}
	s.onClose(func() error { return s.iam.Flush(context.Background()) })
	s.workmail = workmail.New(workmail.Config{
		DB: s.db, Roles: roles{s.iam}, Groups: groups{s}, Now: clock, Logger: s.logger, OnMonitoringChange: s.monitoringChanged,
	})
	return s.openAccounts(ctx)
}

// openAccounts makes the declared accounts with their administrators.
func (s *Server) openAccounts(ctx context.Context) error {
	var profiles []profile
	for i, a := range append([]config.Account{{ID: s.cfg.Account, Name: s.cfg.AccountName}}, s.cfg.OtherAccounts...) {
		b, err := s.iam.Bootstrap(ctx, a.ID, s.cfg.Region)
		if err != nil {
			return err
		}
		if a.Name != "" {
			if err := s.iam.NameAccount(ctx, a.ID, a.Name); err != nil {
				return fmt.Errorf("name account %s: %w", a.ID, err)
			}
		}
		s.accounts = append(s.accounts, b)
		name := a.Profile()
		if i == 0 {
			name = "default"
		}
		if b.AccessKeyID != "" {
			profiles = append(profiles, profile{name, b.Credentials})
		}
	}
	s.first = s.accounts[0]
	if len(profiles) == 0 {
		return nil
	}
	return s.folder.writeCredentials(profiles)
}

func (s *Server) openLogs(ctx context.Context) (err error) {
	if err := engine.Configure(engine.Settings{MemoryBytes: s.cfg.MemoryLimit}); err != nil {
		return err
	}
	var probe func(string) error
	if s.cfg.Restarts {
		if err := s.restartOnPanic(ctx); err != nil {
			return err
		}
		probe = probeByProcess
	}
	if s.logs, err = logs.Open(ctx, logs.Config{
		DB: s.db, Folder: s.folder.path, Now: clock, Logger: s.logger,
		MinFree: uint64(s.cfg.MinFreeSpace), Checkpoint: time.Duration(s.cfg.Checkpoint * float64(time.Second)), Probe: probe,
	}); err != nil {
		return err
	}
	s.onClose(func() error {
		// The parent context has ended by now; closing must still finish.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return s.logs.Close(ctx)
	})
	return nil
}

func (s *Server) openInsights(ctx context.Context) (err error) {
	if s.insights, err = insights.Open(ctx, insights.Config{Logs: s.logs, Logger: s.logger, Now: clock, Folder: s.folder.file("queries")}); err != nil {
		return err
	}
	s.onClose(s.insights.Close)
	return nil
}

// openTrail makes the audit trail. What waits is written before the logs close.
func (s *Server) openTrail(context.Context) error {
	s.trail = audit.New(audit.Config{Store: s.logs, Accounts: s.iam, Logger: s.logger, Now: clock, Account: s.cfg.Account, Region: s.cfg.Region})
	s.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		defer cancel()
		return s.trail.Flush(ctx)
	})
	return nil
}

func (s *Server) openListener(context.Context) (err error) {
	if s.listener, err = listen(s.cfg, s.logger); err != nil {
		return err
	}
	s.onClose(s.listener.close)
	return nil
}

func (s *Server) openDoor(context.Context) error {
	registry, err := api.NewRegistry(
		logsapi.Operations(s.logs), logsapi.QueryOperations(s.insights), iamapi.Operations(s.iam), stsapi.Operations(s.iam), workmailapi.Operations(s.workmail))
	if err != nil {
		return err
	}
	s.door, err = api.NewDoor(api.Config{
		Registry: registry, Authenticator: s.iam, Authorizer: s.iam, Auditor: auditor{s}, Logger: s.logger, Now: clock, Region: s.cfg.Region,
		Limits: api.Limits{
			Requests: s.cfg.Limits.Requests, InFlight: s.cfg.Limits.InFlight, Searches: s.cfg.Limits.Searches, Bodies: s.cfg.Limits.Bodies,
		},
	})
	return err
}

func (s *Server) openConsole(context.Context) (err error) {
	s.console, err = console.New(console.Config{
		Database: s.db, Identities: s.iam, Deliveries: deliveries{s}, Door: s.door, Logger: s.logger, Now: clock,
		SignedIn: s.signedIn, Account: s.cfg.Account, Secure: s.cfg.TLS.Enabled(),
	})
	if err != nil {
		return err
	}
	s.handler = routes(s.door, s.console.Handler(), http.HandlerFunc(s.serveMetrics), http.HandlerFunc(s.serveHealth))
	return nil
}

// openPublisher makes the service principal, which reaches the API as every client does.
func (s *Server) openPublisher(ctx context.Context) error {
	key, err := s.iam.ServiceCredentials(ctx, workmail.ServicePrincipal)
	if err != nil {
		return err
	}
	instance, err := s.instance()
	if err != nil {
		return err
	}
	s.publisher = publish.New(publish.Config{
		Spool: s.spool, Targets: targets{s.workmail}, Endpoint: s.URL(), HTTP: s.listener.client(),
		Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.Secret, ""),
		Instance:    instance, Logger: s.logger,
	})
	s.spool.OnEvents(s.publisher.Wake)
	return nil
}

// instance names this data folder in log stream names, for as long as it lives.
func (s *Server) instance() (string, error) {
	name := s.folder.file("instance")
	if id, err := os.ReadFile(name); err == nil {
		return strings.TrimSpace(string(id)), nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id := strings.ToLower(rand.Text()[:8])
	return id, os.WriteFile(name, []byte(id+"\n"), 0o600)
}
