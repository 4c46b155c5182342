-- The spool's whole state. PRAGMA user_version holds the number of this schema.

-- Evidence that has not been consumed, in the order it was captured. A sequence
-- number is never used again, not even after its row is gone.
CREATE TABLE batch (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    organization TEXT NOT NULL,
    source       TEXT NOT NULL,
    blob         BLOB NOT NULL
);
CREATE INDEX batch_by_organization ON batch (organization, seq);

-- How far each source has been read, as the source itself writes it down.
CREATE TABLE position (
    source   TEXT PRIMARY KEY,
    position BLOB NOT NULL
) WITHOUT ROWID;

-- How far each organization's consumer has come.
CREATE TABLE cursor (
    organization TEXT PRIMARY KEY,
    seq          INTEGER NOT NULL
) WITHOUT ROWID;

-- The consumer's state, one row an open message.
CREATE TABLE state (
    organization TEXT NOT NULL,
    key          TEXT NOT NULL,
    value        BLOB NOT NULL,
    PRIMARY KEY (organization, key)
) WITHOUT ROWID;

-- Events that wait for publication, in the order they were committed. time is
-- in nanoseconds since the epoch.
CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    organization TEXT NOT NULL,
    id           TEXT NOT NULL,
    time         INTEGER NOT NULL,
    blob         BLOB NOT NULL,
    UNIQUE (organization, id)
);
CREATE INDEX outbox_by_organization ON outbox (organization, seq);

-- The batch that has been or is about to be sent. While the row stands, exactly
-- the events up to last_seq are sent, to this place with this token.
CREATE TABLE pin (
    organization TEXT PRIMARY KEY,
    last_seq     INTEGER NOT NULL,
    destination  TEXT NOT NULL,
    stream       TEXT NOT NULL,
    token        TEXT NOT NULL
) WITHOUT ROWID;

-- What publication has achieved: the token for the next batch to this stream,
-- and totals since the beginning. last_success is in nanoseconds since the epoch.
CREATE TABLE delivery (
    organization TEXT PRIMARY KEY,
    destination  TEXT NOT NULL,
    stream       TEXT NOT NULL,
    token        TEXT NOT NULL,
    published    INTEGER NOT NULL,
    rejected     INTEGER NOT NULL,
    last_success INTEGER NOT NULL
) WITHOUT ROWID;
