-- Puts the trail in the order in which things happened. A transaction has its id from its first lock on, and may wait
-- for others afterwards: what it then does to a tag follows what they did, though its id is lower. So a row is placed
-- by the last id that was given out when its statement began, which covers all that was committed before; and never
-- before the id of its own transaction, so that, as before, nothing can appear any more below the oldest transaction
-- that still runs.
ALTER TABLE tag_audit ALTER COLUMN xid SET DEFAULT
    greatest(pg_current_xact_id(), (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text::xid8);
