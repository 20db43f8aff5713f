-- Who changed rules, schedules and tokens of scripts: one row for each change, written in its transaction, and kept for ever.
CREATE TABLE admin_changes (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor        text NOT NULL,
    action       text NOT NULL CHECK (action IN
                     ('CREATED', 'UPDATED', 'DELETED', 'REORDERED', 'PAUSED', 'RESUMED', 'REVOKED')),
    subject_type text NOT NULL CHECK (subject_type IN ('RULE', 'SCHEDULE', 'API_TOKEN')),
    -- The id of what was changed, and its name at that time; of an order of rules there is none.
    subject_id   text,
    subject_name text NOT NULL,
    -- What it said; NULL when it did not exist. Secrets and their hashes are in neither.
    before       jsonb,
    after        jsonb
);
CREATE INDEX admin_changes_subject ON admin_changes (subject_type, id);
CREATE INDEX admin_changes_actor ON admin_changes (actor, id);

CREATE FUNCTION admin_changes_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'admin_changes is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON admin_changes
    FOR EACH ROW EXECUTE FUNCTION admin_changes_refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON admin_changes
    FOR EACH STATEMENT EXECUTE FUNCTION admin_changes_refuse_change();

-- They concern all accounts: who is limited to some sees none of them.
ALTER TABLE admin_changes ENABLE ROW LEVEL SECURITY;
