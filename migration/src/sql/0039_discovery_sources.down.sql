-- The trail of administration about sources has no place in the older schema.
DROP TRIGGER kept ON admin_changes;
DELETE FROM admin_changes WHERE subject_type = 'SOURCE' OR action = 'CONFIRMED';
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON admin_changes
    FOR EACH ROW EXECUTE FUNCTION admin_changes_refuse_change();
ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_action_check,
    ADD CONSTRAINT admin_changes_action_check CHECK (action IN
        ('CREATED', 'UPDATED', 'DELETED', 'REORDERED', 'PAUSED', 'RESUMED', 'REVOKED'));
ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_subject_type_check,
    ADD CONSTRAINT admin_changes_subject_type_check CHECK (subject_type IN ('RULE', 'SCHEDULE', 'API_TOKEN', 'MODEL', 'VOCABULARY_KEY'));
CREATE TABLE discovery_successes (
    source       text PRIMARY KEY,
    succeeded_at timestamptz NOT NULL
);
ALTER TABLE discovery_successes ENABLE ROW LEVEL SECURITY;
INSERT INTO discovery_successes SELECT name, reported_at FROM discovery_sources WHERE reported_at IS NOT NULL;
DROP TABLE discovery_accounts, discovery_providers, discovery_sources;
