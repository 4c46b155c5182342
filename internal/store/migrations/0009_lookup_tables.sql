-- Lookup tables of Logs Insights. Owned by package logs. Times are milliseconds
-- since the Unix epoch. The body stands last, so that the rest is read without it.

CREATE TABLE log_lookup_tables (
    account     TEXT NOT NULL,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    kms_key     TEXT NOT NULL,           -- empty: none
    fields_json TEXT NOT NULL,           -- the names of the columns
    tags_json   TEXT NOT NULL,
    records     BIGINT NOT NULL,         -- rows without the header
    size_bytes  BIGINT NOT NULL,         -- of the body
    updated_ms  BIGINT NOT NULL,
    body        TEXT NOT NULL,           -- CSV, as it was given
    PRIMARY KEY (account, region, name)
);
