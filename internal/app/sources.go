package app

import (
	"context"
	"fmt"
	"time"

	"waybill/internal/capture"
	"waybill/internal/capture/dovecot"
	"waybill/internal/capture/logline"
	"waybill/internal/capture/milter"
	"waybill/internal/capture/postfix"
	"waybill/internal/config"
	"waybill/internal/evidence"
	"waybill/internal/mailtrace"
	"waybill/internal/spool"
	"waybill/internal/workmail"
)

// sink puts evidence into the spool under the organization its source belongs to.
type sink struct {
	spool *spool.Spool
	// organization is the id by source name.
	organization map[string]string
}

// Append implements capture.Sink.
func (s sink) Append(ctx context.Context, source string, records []evidence.Record, position []byte) error {
	organization, ok := s.organization[source]
	if !ok {
		return fmt.Errorf("source %s belongs to no organization", source)
	}
	b := spool.Batch{Organization: organization, Source: source, Position: position}
	if len(records) > 0 {
		var err error
		if b.Blob, err = evidence.EncodeBatch(records); err != nil {
			return err
		}
	}
	_, err := s.spool.Append(ctx, b)
	return err
}

// Position implements capture.Sink.
func (s sink) Position(ctx context.Context, source string) ([]byte, error) {
	return s.spool.Position(ctx, source)
}

// one is a sink for a single source that has no position.
type one struct {
	sink
	source string
}

// Append keeps records of the source.
func (o one) Append(ctx context.Context, records []evidence.Record) error {
	return o.sink.Append(ctx, o.source, records, nil)
}

// Sink takes evidence for a declared organization from a source that is not in
// the configuration, such as the demonstration's mail server.
func (s *Server) Sink(alias, source string) interface {
	Append(ctx context.Context, records []evidence.Record) error
} {
	for _, c := range s.correlators {
		if c.alias == alias {
			return one{sink{s.spool, map[string]string{source: c.organization}}, source}
		}
	}
	panic("app: no organization " + alias + " is declared")
}

// logSuffix and milterSuffix tell a Postfix's two views apart in the spool.
const (
	logSuffix    = "/log"
	milterSuffix = "/milter"
)

// openSources makes the sources of the configuration and notes whose they are.
func (s *Server) openSources(organizations map[string]workmail.Organization) {
	to := sink{s.spool, make(map[string]string)}
	var list []capture.Source
	for _, src := range s.cfg.Sources {
		id := organizations[src.Organization].ID
		if src.Log != "" {
			to.organization[src.Name+logSuffix] = id
			list = append(list, s.logSource(src))
		}
		if src.Milter != "" {
			to.organization[src.Name+milterSuffix] = id
			list = append(list, milter.New(milter.Config{Name: src.Name + milterSuffix, Network: "tcp", Address: src.Milter, Logger: s.logger, Now: clock}))
		}
	}
	s.sources = capture.NewSupervisor(to, s.logger, list...)
}

func (s *Server) logSource(src config.Source) capture.Source {
	zone := logline.Clock{Zone: src.Location, Now: clock}
	// Both servers may write into one file, so each file is read for both, its own server's lines first.
	parse := capture.Parse(zone, postfix.Parse, dovecot.Parse)
	if src.Type == "dovecot" {
		parse = capture.Parse(zone, dovecot.Parse, postfix.Parse)
	}
	return capture.NewFile(capture.FileConfig{Name: src.Name + logSuffix, Path: src.Log, Parse: parse, Logger: s.logger, Now: clock})
}

// openPipeline makes the correlator of every declared organization.
func (s *Server) openPipeline(ctx context.Context) error {
	organizations := make(map[string]workmail.Organization)
	for _, o := range s.cfg.Organizations {
		org, err := s.workmail.ByAlias(ctx, s.ownerOf(o), s.cfg.Region, o.Alias)
		if err != nil {
			return err
		}
		organizations[o.Alias] = org
		domains, _, err := s.workmail.Domains(ctx, org.Account, org.Region, org.ID, "", maxDomains)
		if err != nil {
			return err
		}
		s.correlators = append(s.correlators, &correlator{
			alias: o.Alias, organization: org.ID, spool: s.spool, logger: s.logger,
			newMachine: func() *mailtrace.Machine { return mailtrace.New(s.machineConfig(o, org.ID, domains)) },
			publishing: func(ctx context.Context) (bool, error) {
				_, on, err := s.workmail.Monitoring(ctx, org.ID)
				return on, err
			},
		})
	}
	s.openSources(organizations)
	return nil
}

// maxDomains is more mail domains than an organization may have.
const maxDomains = 10000

// machineConfig says what the state machine can expect of an organization's sources.
func (s *Server) machineConfig(o config.Organization, id string, domains []workmail.Domain) mailtrace.Config {
	cfg := mailtrace.Config{OrganizationID: id, Servers: make(map[string]string)}
	for _, d := range domains {
		cfg.Domains = append(cfg.Domains, d.Name)
	}
	servers := 0
	for _, src := range s.cfg.Sources {
		if src.Organization != o.Alias {
			continue
		}
		cfg.HasDovecot = cfg.HasDovecot || src.Type == "dovecot"
		cfg.HasMilter = cfg.HasMilter || src.Milter != ""
		cfg.AuthservIDs = append(cfg.AuthservIDs, src.AuthservIDs...)
		cfg.JournalAddresses = append(cfg.JournalAddresses, src.JournalAddresses...)
		if src.Type == "postfix" {
			servers++
			cfg.Servers[src.Name+logSuffix], cfg.Servers[src.Name+milterSuffix] = src.Name, src.Name
		}
	}
	if servers < 2 {
		// One Postfix needs no name, and the state survives its renaming.
		clear(cfg.Servers)
	}
	if servers == 0 {
		// Evidence comes from Sink alone, which shows everything.
		cfg.HasMilter, cfg.HasDovecot = true, true
	}
	return cfg
}

// restartAfter is how long a correlator that failed waits before it begins again.
const restartAfter = 5 * time.Second
