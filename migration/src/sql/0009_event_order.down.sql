ALTER TABLE tag_audit ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
