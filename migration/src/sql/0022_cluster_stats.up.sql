-- What metrics tell of the database's content. Counting costs the more the more there is, and every process is asked for its
-- metrics: so one process at a time counts, now and then, and all others read this row.
CREATE UNLOGGED TABLE cluster_stats (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    taken_at  timestamptz NOT NULL,
    stats     jsonb NOT NULL
);

-- When each source last reported without a fault.
CREATE TABLE discovery_successes (
    source       text PRIMARY KEY,
    succeeded_at timestamptz NOT NULL
);

-- When each revision came, which tells since when resources of an older one wait for their evaluation.
CREATE TABLE engine_revisions (
    revision  bigint PRIMARY KEY,
    raised_at timestamptz NOT NULL
);
INSERT INTO engine_revisions (revision, raised_at) SELECT revision, updated_at FROM engine_state;
CREATE FUNCTION engine_revisions_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO engine_revisions (revision, raised_at) VALUES (NEW.revision, now()) ON CONFLICT DO NOTHING;
    DELETE FROM engine_revisions WHERE revision < NEW.revision - 1000;
    RETURN NULL;
END $$;
CREATE TRIGGER revisions AFTER UPDATE OF revision ON engine_state
    FOR EACH ROW WHEN (NEW.revision > OLD.revision) EXECUTE FUNCTION engine_revisions_follow();

-- Nothing in here is of one account: who is limited to some sees none of it.
ALTER TABLE cluster_stats ENABLE ROW LEVEL SECURITY;
ALTER TABLE discovery_successes ENABLE ROW LEVEL SECURITY;
ALTER TABLE engine_revisions ENABLE ROW LEVEL SECURITY;
