-- Resources as the clouds report them, and what each was last evaluated under.

CREATE TABLE resources (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource_id   text NOT NULL UNIQUE CHECK (length(resource_id) BETWEEN 1 AND 2048),
    name          text NOT NULL CHECK (length(name) <= 1024),
    cloud         text NOT NULL CHECK (cloud IN ('aws', 'gcp', 'azure')),
    account_id    text NOT NULL CHECK (length(account_id) BETWEEN 1 AND 256),
    resource_type text NOT NULL CHECK (length(resource_type) BETWEEN 1 AND 256),
    region        text,
    native_tags   jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(native_tags) = 'object'),
    -- When the cloud created it, as far as known; otherwise when it was first seen.
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- Which source reports it; only a full report of that source may retire it.
    discovered_by text NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    retired_at    timestamptz,
    -- The transaction and the moment of the last change: together they make this table a change feed.
    changed_xid   xid8 NOT NULL DEFAULT pg_current_xact_id(),
    changed_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX resources_account ON resources (account_id, id);
CREATE INDEX resources_type ON resources (resource_type, id);
CREATE INDEX resources_name ON resources (name text_pattern_ops, id);
CREATE INDEX resources_created ON resources (created_at, id);
CREATE INDEX resources_feed ON resources (changed_xid, id);
CREATE INDEX resources_discovered_by ON resources (discovered_by, id) WHERE retired_at IS NULL;

-- One row for each resource that is alive. Kept apart from resources, for it is rewritten at every evaluation
-- and should then touch one narrow row and one index rather than all of those above.
CREATE TABLE evaluations (
    resource_id  bigint PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
    revision     bigint NOT NULL DEFAULT 0,
    evaluated_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX evaluations_due ON evaluations (revision, resource_id);

-- The revision of rules, vocabulary, model and thresholds. One row: its lock puts all changes in one order, so
-- that an evaluator that read revision N has seen every change up to N.
CREATE TABLE engine_state (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    revision    bigint NOT NULL,
    fingerprint text NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO engine_state (revision, fingerprint) VALUES (1, '');

CREATE TABLE ml_inferences (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource_id   bigint NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    model_version text NOT NULL,
    revision      bigint NOT NULL,
    predictions   jsonb NOT NULL,
    predicted_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ml_inferences_resource ON ml_inferences (resource_id, id);
