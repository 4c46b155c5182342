-- OpenID Connect providers of accounts (package iam). url is without "https://".
CREATE TABLE oidc_providers (
    account     TEXT NOT NULL REFERENCES accounts (id),
    url         TEXT NOT NULL,
    client_ids  TEXT NOT NULL, -- JSON
    thumbprints TEXT NOT NULL, -- JSON
    tags        TEXT NOT NULL, -- JSON
    created     BIGINT NOT NULL,
    PRIMARY KEY (account, url)
);
