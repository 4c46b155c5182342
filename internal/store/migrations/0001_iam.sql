-- Identities and their policies (package iam).
-- Times are epoch milliseconds; documents and tags are JSON text; "folded" is
-- the lower-cased name, because IAM names are unique without regard to case.

CREATE TABLE accounts (
    id      TEXT PRIMARY KEY,
    created BIGINT NOT NULL
);

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    name          TEXT NOT NULL,
    folded        TEXT NOT NULL,
    path          TEXT NOT NULL,
    tags          TEXT NOT NULL,
    password_hash TEXT NOT NULL, -- argon2id in PHC form; empty: no console sign-in
    created       BIGINT NOT NULL,
    UNIQUE (account, folded)
);

-- A key belongs to a user, or to a service principal of Waybill itself.
CREATE TABLE access_keys (
    id      TEXT PRIMARY KEY,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    service TEXT,
    secret  TEXT NOT NULL, -- sealed under the data folder's key
    status  TEXT NOT NULL CHECK (status IN ('Active', 'Inactive')),
    created BIGINT NOT NULL,
    UNIQUE (service),
    CHECK ((user_id IS NULL) <> (service IS NULL))
);
CREATE INDEX access_keys_by_user ON access_keys (user_id);

CREATE TABLE roles (
    id             TEXT PRIMARY KEY,
    account        TEXT NOT NULL REFERENCES accounts (id),
    name           TEXT NOT NULL,
    folded         TEXT NOT NULL,
    path           TEXT NOT NULL,
    trust          TEXT NOT NULL,
    description    TEXT NOT NULL,
    max_session    BIGINT NOT NULL, -- seconds
    tags           TEXT NOT NULL,
    linked_service TEXT NOT NULL,   -- the service of a service-linked role, else empty
    created        BIGINT NOT NULL,
    last_used      BIGINT NOT NULL, -- 0: never
    last_region    TEXT NOT NULL,
    UNIQUE (account, folded)
);

CREATE TABLE user_policies (
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
);

CREATE TABLE role_policies (
    role_id  TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (role_id, name)
);

CREATE TABLE user_attachments (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    policy_arn TEXT NOT NULL,
    PRIMARY KEY (user_id, policy_arn)
);

CREATE TABLE role_attachments (
    role_id    TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    policy_arn TEXT NOT NULL,
    PRIMARY KEY (role_id, policy_arn)
);

-- Deletion of a service-linked role is a task whose outcome is asked for later.
CREATE TABLE role_deletions (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    status  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    usage   TEXT NOT NULL, -- JSON
    created BIGINT NOT NULL
);
