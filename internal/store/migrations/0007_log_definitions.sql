-- Definitions on log groups and saved queries. Owned by package logs. Times are
-- milliseconds since the Unix epoch; *_json columns hold what is only given back whole.

CREATE TABLE log_metric_filters (
    group_number     BIGINT NOT NULL REFERENCES log_groups (number) ON DELETE CASCADE,
    name             TEXT NOT NULL,
    pattern          TEXT NOT NULL,
    metric_name      TEXT NOT NULL,
    metric_namespace TEXT NOT NULL,
    settings_json    TEXT NOT NULL,      -- the rest of the transformation, and options
    created_ms       BIGINT NOT NULL,
    PRIMARY KEY (group_number, name)
);

CREATE TABLE log_subscription_filters (
    group_number  BIGINT NOT NULL REFERENCES log_groups (number) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    pattern       TEXT NOT NULL,
    destination   TEXT NOT NULL,         -- ARN
    settings_json TEXT NOT NULL,
    created_ms    BIGINT NOT NULL,
    PRIMARY KEY (group_number, name)
);

CREATE TABLE log_query_definitions (
    id            TEXT PRIMARY KEY,      -- UUID
    account       TEXT NOT NULL,
    region        TEXT NOT NULL,
    name          TEXT NOT NULL,
    language      TEXT NOT NULL,
    query         TEXT NOT NULL,
    settings_json TEXT NOT NULL,         -- log groups and parameters
    client_token  TEXT NOT NULL,         -- of the call that made it; empty: none
    modified_ms   BIGINT NOT NULL
);
CREATE INDEX log_query_definitions_by_name ON log_query_definitions (account, region, name, id);

-- The resource policy of a single log group. Those of the account are in log_resource_policies.
CREATE TABLE log_group_policies (
    group_number BIGINT PRIMARY KEY REFERENCES log_groups (number) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    document     TEXT NOT NULL,
    revision     TEXT NOT NULL,
    updated_ms   BIGINT NOT NULL
);
