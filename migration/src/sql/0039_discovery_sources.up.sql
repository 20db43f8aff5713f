-- Sources of discovery as they are configured, and their last complete reports.
CREATE TABLE discovery_sources (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    reported_at timestamptz
);
INSERT INTO discovery_sources (name, reported_at) SELECT source, succeeded_at FROM discovery_successes;
DROP TABLE discovery_successes;

-- Providers of resources: the source itself, or one for each of its accounts. The name is that of resources.discovered_by.
CREATE TABLE discovery_providers (
    name         text PRIMARY KEY,
    source_id    bigint NOT NULL REFERENCES discovery_sources (id) ON DELETE CASCADE,
    account_id   text,
    attempted_at timestamptz NOT NULL,
    reported_at  timestamptz,
    -- Fault of the last attempt.
    error        text,
    -- Resources that a snapshot lacks and that are not retired before a person confirms it, and the number of resources
    -- that the provider had.
    withheld     bigint[] NOT NULL DEFAULT '{}',
    withheld_of  bigint NOT NULL DEFAULT 0,
    withheld_at  timestamptz,
    -- Resources whose retirement was confirmed, until the next snapshot.
    confirmed    bigint[] NOT NULL DEFAULT '{}',
    confirmed_by text,
    confirmed_at timestamptz
);
CREATE INDEX discovery_providers_source ON discovery_providers (source_id);

-- Accounts as runs of discovery reported them; those of the last report of each provider are current.
CREATE TABLE discovery_accounts (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id         bigint NOT NULL REFERENCES scheduler_jobs (id) ON DELETE CASCADE,
    source_id      bigint NOT NULL REFERENCES discovery_sources (id) ON DELETE CASCADE,
    provider       text NOT NULL,
    account_id     text NOT NULL,
    coverage       text NOT NULL CHECK (coverage IN ('COMPLETE', 'TAGGED_ONLY', 'PARTIAL', 'FAILED')),
    reasons        text[] NOT NULL,
    resource_count bigint NOT NULL,
    reported_at    timestamptz NOT NULL DEFAULT now(),
    is_current     boolean NOT NULL DEFAULT true
);
CREATE INDEX discovery_accounts_run ON discovery_accounts (run_id, id);
CREATE INDEX discovery_accounts_source ON discovery_accounts (source_id, id) WHERE is_current;

-- Names of sources are for everybody, accounts for who may see them, and providers, whose faults may speak of any account, for
-- the owner.
ALTER TABLE discovery_sources ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON discovery_sources USING (true);
ALTER TABLE discovery_providers ENABLE ROW LEVEL SECURITY;
ALTER TABLE discovery_accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON discovery_accounts USING
    ((CASE WHEN account_id = ANY ((SELECT accounts_in_scope())::text[]) THEN true END) IS NOT NULL);
GRANT SELECT ON discovery_sources, discovery_accounts TO virtual_tagging_reader;

ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_action_check,
    ADD CONSTRAINT admin_changes_action_check CHECK (action IN
        ('CREATED', 'UPDATED', 'DELETED', 'REORDERED', 'PAUSED', 'RESUMED', 'REVOKED', 'CONFIRMED'));
ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_subject_type_check,
    ADD CONSTRAINT admin_changes_subject_type_check CHECK (subject_type IN
        ('RULE', 'SCHEDULE', 'API_TOKEN', 'MODEL', 'VOCABULARY_KEY', 'SOURCE'));
