-- Log groups, log streams, resource policies. Owned by package logs. Times are
-- milliseconds since the Unix epoch.

-- Numbers that the log engine knows accounts, groups and streams by. They are
-- never used twice, so that a re-created group or stream cannot see old events.
CREATE TABLE log_numbers (
    kind TEXT PRIMARY KEY,              -- 'account', 'group', 'stream'
    last BIGINT NOT NULL
);
INSERT INTO log_numbers (kind, last) VALUES ('account', 0), ('group', 0), ('stream', 0);

CREATE TABLE log_accounts (
    account TEXT PRIMARY KEY,           -- 12 digits
    number  BIGINT NOT NULL UNIQUE
);

CREATE TABLE log_groups (
    number         BIGINT PRIMARY KEY,
    account        TEXT NOT NULL REFERENCES log_accounts (account),
    region         TEXT NOT NULL,
    name           TEXT NOT NULL,
    class          TEXT NOT NULL,
    kms_key        TEXT NOT NULL,       -- empty: none
    is_protected   INTEGER NOT NULL,    -- deletion protection
    created_ms     BIGINT NOT NULL,
    retention_days BIGINT,              -- null: for ever
    hidden_ms      BIGINT NOT NULL,     -- events before this expired under an earlier retention
    reclaimed_ms   BIGINT NOT NULL,     -- events before this were given to the engine to delete
    stored_bytes   BIGINT NOT NULL,
    UNIQUE (account, region, name)
);

CREATE TABLE log_group_tags (
    group_number BIGINT NOT NULL REFERENCES log_groups (number) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    value        TEXT NOT NULL,
    PRIMARY KEY (group_number, name)
);

CREATE TABLE log_streams (
    number         BIGINT PRIMARY KEY,
    group_number   BIGINT NOT NULL REFERENCES log_groups (number) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    created_ms     BIGINT NOT NULL,
    first_event_ms BIGINT,              -- null until there is an event
    last_event_ms  BIGINT,
    last_ingest_ms BIGINT,
    last_seq       BIGINT NOT NULL,     -- journal sequence of the last batch; 0: none
    prior_seq      BIGINT NOT NULL,     -- what last_seq was before
    last_hash      TEXT NOT NULL,       -- of the last batch's contents
    UNIQUE (group_number, name)
);
CREATE INDEX log_streams_by_event ON log_streams (group_number, last_event_ms);

-- Up to which journal sequence the columns above count.
CREATE TABLE log_counted (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    through BIGINT NOT NULL
);
INSERT INTO log_counted (id, through) VALUES (1, 0);

-- Deleted groups and streams whose events the engine may still have.
CREATE TABLE log_purges (
    account_number BIGINT NOT NULL,
    group_number   BIGINT NOT NULL,
    stream_number  BIGINT NOT NULL,     -- 0: the whole group
    before_ms      BIGINT NOT NULL,
    PRIMARY KEY (group_number, stream_number)
);

CREATE TABLE log_resource_policies (
    account    TEXT NOT NULL,
    region     TEXT NOT NULL,
    name       TEXT NOT NULL,
    document   TEXT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (account, region, name)
);
