-- Groups, customer-managed policies, boundaries, console passwords, and the
-- rest of what IAM keeps of an account (package iam). Times and names as in 0001.

CREATE TABLE iam_groups (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    name    TEXT NOT NULL,
    folded  TEXT NOT NULL,
    path    TEXT NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (account, folded)
);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES iam_groups (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_by_user ON group_members (user_id);

CREATE TABLE group_policies (
    group_id TEXT NOT NULL REFERENCES iam_groups (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (group_id, name)
);

CREATE TABLE group_attachments (
    group_id   TEXT NOT NULL REFERENCES iam_groups (id) ON DELETE CASCADE,
    policy_arn TEXT NOT NULL,
    PRIMARY KEY (group_id, policy_arn)
);

CREATE INDEX user_attachments_by_policy ON user_attachments (policy_arn);
CREATE INDEX role_attachments_by_policy ON role_attachments (policy_arn);
CREATE INDEX group_attachments_by_policy ON group_attachments (policy_arn);

-- Customer-managed policies. Neither name nor path ever changes.
CREATE TABLE policies (
    id              TEXT PRIMARY KEY,
    account         TEXT NOT NULL REFERENCES accounts (id),
    name            TEXT NOT NULL,
    folded          TEXT NOT NULL,
    path            TEXT NOT NULL,
    arn             TEXT NOT NULL UNIQUE,
    description     TEXT NOT NULL,
    tags            TEXT NOT NULL,
    default_version BIGINT NOT NULL,
    last_version    BIGINT NOT NULL, -- numbers are never used twice
    created         BIGINT NOT NULL,
    updated         BIGINT NOT NULL,
    UNIQUE (account, folded)
);

CREATE TABLE policy_versions (
    policy_id TEXT NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
    version   BIGINT NOT NULL,
    document  TEXT NOT NULL,
    created   BIGINT NOT NULL,
    PRIMARY KEY (policy_id, version)
);

-- The ARN of the permissions boundary; empty: none.
ALTER TABLE users ADD COLUMN boundary TEXT NOT NULL DEFAULT '';
ALTER TABLE roles ADD COLUMN boundary TEXT NOT NULL DEFAULT '';

CREATE TABLE login_profiles (
    user_id    TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash       TEXT NOT NULL,    -- argon2id in PHC form
    must_reset INTEGER NOT NULL, -- a new password is due at the next sign-in
    created    BIGINT NOT NULL,
    changed    BIGINT NOT NULL   -- when the password was set
);
ALTER TABLE users ADD COLUMN password_used BIGINT NOT NULL DEFAULT 0; -- last console sign-in; 0: never

-- Earlier passwords, for as many as the account's password policy remembers.
CREATE TABLE password_history (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    TEXT NOT NULL,
    changed BIGINT NOT NULL, -- when it was set
    PRIMARY KEY (user_id, hash)
);

INSERT INTO login_profiles (user_id, hash, must_reset, created, changed)
    SELECT id, password_hash, 0, created, created FROM users WHERE password_hash <> '';
INSERT INTO password_history (user_id, hash, changed)
    SELECT id, password_hash, created FROM users WHERE password_hash <> '';
ALTER TABLE users DROP COLUMN password_hash;

CREATE TABLE password_policies (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    rules   TEXT NOT NULL -- JSON
);

CREATE TABLE account_aliases (
    alias   TEXT PRIMARY KEY,
    account TEXT NOT NULL UNIQUE REFERENCES accounts (id),
    created BIGINT NOT NULL
);

-- Uses of access keys are gathered in memory and written here now and then.
ALTER TABLE access_keys ADD COLUMN last_used BIGINT NOT NULL DEFAULT 0; -- 0: never
ALTER TABLE access_keys ADD COLUMN last_service TEXT NOT NULL DEFAULT '';
ALTER TABLE access_keys ADD COLUMN last_region TEXT NOT NULL DEFAULT '';

CREATE TABLE credential_reports (
    account TEXT PRIMARY KEY REFERENCES accounts (id),
    content TEXT NOT NULL, -- CSV
    created BIGINT NOT NULL
);
