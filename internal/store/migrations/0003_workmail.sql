-- Organizations, their mail domains, and where their mail events go. Owned by package workmail.
CREATE TABLE organizations (
    id           TEXT PRIMARY KEY,      -- m- and 32 hexadecimal digits
    account      TEXT NOT NULL,
    region       TEXT NOT NULL,
    alias        TEXT NOT NULL,
    directory_id TEXT NOT NULL,
    client_token TEXT,                  -- makes CreateOrganization idempotent
    created_ms   BIGINT NOT NULL,
    UNIQUE (account, region, alias),
    UNIQUE (account, region, client_token)
);

CREATE TABLE mail_domains (
    name            TEXT PRIMARY KEY,   -- lower case; a domain belongs to one organization
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    is_default      INTEGER NOT NULL
);
CREATE INDEX mail_domains_organization ON mail_domains (organization_id, name);

CREATE TABLE email_monitoring (
    organization_id TEXT PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    log_group_arn   TEXT NOT NULL,      -- ends in :*
    role_arn        TEXT NOT NULL,
    changed_ms      BIGINT NOT NULL
);
CREATE INDEX email_monitoring_role ON email_monitoring (role_arn);
