-- How many events stored_bytes counts, for their mean size. uncounted_bytes are those
-- of events from before these were counted.
ALTER TABLE log_groups ADD COLUMN stored_events BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_groups ADD COLUMN uncounted_bytes BIGINT NOT NULL DEFAULT 0;
UPDATE log_groups SET uncounted_bytes = stored_bytes;
