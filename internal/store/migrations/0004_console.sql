-- Sessions of the web console. The cookie's value is never stored: id_hash is
-- the hex SHA-256 of it. Times are epoch milliseconds.
CREATE TABLE console_session (
    id_hash        TEXT   NOT NULL PRIMARY KEY,
    account        TEXT   NOT NULL,
    principal_type TEXT   NOT NULL,
    principal_arn  TEXT   NOT NULL,
    user_id        TEXT   NOT NULL,
    user_name      TEXT   NOT NULL,
    created        BIGINT NOT NULL,
    last_seen      BIGINT NOT NULL
);

CREATE INDEX console_session_created ON console_session (created);
CREATE INDEX console_session_principal ON console_session (principal_arn);
