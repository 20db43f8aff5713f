-- Counts of coverage, and their history: for each governed key, how many resources of a cloud, account and type are in which
-- state. A million resources have some ten million cells, so nobody counts them for a report.
--
-- Triggers note the resources of which something changed that coverage depends on; a background task counts the noted ones
-- again, by the one statement that resolves what holds (src/domain/coverage/count.rs), and adds the difference to the counts.

-- Resources to look at again.
CREATE TABLE coverage_unsure (
    resource_ids bigint[] NOT NULL,
    -- Coverage counts all that was committed before the oldest note.
    noted_at     timestamptz NOT NULL DEFAULT now()
);

-- Keys that are or were governed. The position never changes: states of resources are stored by it.
CREATE TABLE coverage_keys (
    position integer PRIMARY KEY,
    tag_key  text NOT NULL UNIQUE
);

-- States of each resource as they are counted: a letter for each key, at its position, and `-` for a key that it is not
-- asked for.
CREATE TABLE coverage_cells (
    resource_id   bigint PRIMARY KEY,
    cloud         text NOT NULL,
    account_id    text NOT NULL,
    resource_type text NOT NULL,
    states        text NOT NULL
);

CREATE TABLE coverage_counts (
    tag_key       text NOT NULL,
    cloud         text NOT NULL,
    account_id    text NOT NULL,
    resource_type text NOT NULL,
    native        bigint NOT NULL,
    approved      bigint NOT NULL,
    pending       bigint NOT NULL,
    suggested     bigint NOT NULL,
    missing       bigint NOT NULL,
    invalid       bigint NOT NULL,
    contradicted  bigint NOT NULL,
    resources     bigint NOT NULL GENERATED ALWAYS AS
        (native + approved + pending + suggested + missing + invalid + contradicted) STORED,
    PRIMARY KEY (account_id, tag_key, cloud, resource_type)
) WITH (fillfactor = 70);
-- The same of all accounts, and of all types.
CREATE TABLE coverage_totals (LIKE coverage_counts INCLUDING GENERATED) WITH (fillfactor = 70);
ALTER TABLE coverage_totals DROP COLUMN account_id, ADD PRIMARY KEY (tag_key, cloud, resource_type);
CREATE TABLE coverage_accounts (LIKE coverage_counts INCLUDING GENERATED) WITH (fillfactor = 70);
ALTER TABLE coverage_accounts DROP COLUMN resource_type, ADD PRIMARY KEY (account_id, tag_key, cloud);

-- Coverage at the end of each day, and of today as far as it has come.
CREATE TABLE coverage_days (
    day          date NOT NULL,
    tag_key      text NOT NULL,
    cloud        text NOT NULL,
    account_id   text NOT NULL,
    native       bigint NOT NULL,
    approved     bigint NOT NULL,
    pending      bigint NOT NULL,
    suggested    bigint NOT NULL,
    missing      bigint NOT NULL,
    invalid      bigint NOT NULL,
    contradicted bigint NOT NULL,
    resources    bigint NOT NULL GENERATED ALWAYS AS
        (native + approved + pending + suggested + missing + invalid + contradicted) STORED,
    PRIMARY KEY (tag_key, day, account_id, cloud)
);
CREATE INDEX coverage_days_day ON coverage_days (day);

-- One row: the vocabulary by which resources are counted.
CREATE TABLE coverage_state (
    singleton          boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    vocabulary         text NOT NULL,
    vocabulary_version bigint NOT NULL
);
INSERT INTO coverage_state (vocabulary, vocabulary_version) VALUES ('', 0);

-- Type of resources in one spelling, as patterns of the vocabulary are compared with it (`folded_type` of crates/tagging).
CREATE FUNCTION folded_type(resource_type text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(replace(lower(resource_type COLLATE "C"), '::', '/'), '^aws/', '');

CREATE FUNCTION tags_note_coverage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO coverage_unsure
        SELECT array_agg(DISTINCT resource_id) FROM new_rows WHERE approval_status IN ('APPROVED', 'PENDING')
         GROUP BY resource_id / 1000;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO coverage_unsure
        SELECT array_agg(DISTINCT resource_id) FROM old_rows WHERE approval_status IN ('APPROVED', 'PENDING')
         GROUP BY resource_id / 1000;
    ELSE
        INSERT INTO coverage_unsure
        SELECT array_agg(DISTINCT n.resource_id) FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.approval_status, n.auto_applied, n.tag_key, n.tag_value, n.evidence_signature ^@ 'CONTRADICTS:')
               IS DISTINCT FROM
               (o.approval_status, o.auto_applied, o.tag_key, o.tag_value, o.evidence_signature ^@ 'CONTRADICTS:')
         GROUP BY n.resource_id / 1000;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER coverage_insert AFTER INSERT ON virtual_tags REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tags_note_coverage();
CREATE TRIGGER coverage_update AFTER UPDATE ON virtual_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tags_note_coverage();
CREATE TRIGGER coverage_delete AFTER DELETE ON virtual_tags REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tags_note_coverage();

CREATE FUNCTION resources_note_coverage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO coverage_unsure SELECT array_agg(id) FROM new_rows GROUP BY id / 1000;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO coverage_unsure SELECT array_agg(id) FROM old_rows GROUP BY id / 1000;
    ELSE
        INSERT INTO coverage_unsure
        SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.cloud, n.account_id, n.resource_type, n.retired_at IS NULL)
               IS DISTINCT FROM (o.cloud, o.account_id, o.resource_type, o.retired_at IS NULL)
         GROUP BY n.id / 1000;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER coverage_insert AFTER INSERT ON resources REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION resources_note_coverage();
CREATE TRIGGER coverage_update AFTER UPDATE ON resources REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION resources_note_coverage();
CREATE TRIGGER coverage_delete AFTER DELETE ON resources REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION resources_note_coverage();

-- Statements of resources' own tags change with their evaluation; the resource itself is noted where it comes or goes.
CREATE FUNCTION evaluations_note_coverage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_unsure
    SELECT array_agg(n.resource_id) FROM new_rows n JOIN old_rows o ON o.resource_id = n.resource_id
     WHERE (n.stated, n.disputed, n.invalid) IS DISTINCT FROM (o.stated, o.disputed, o.invalid)
     GROUP BY n.resource_id / 1000;
    RETURN NULL;
END $$;
CREATE TRIGGER coverage_update AFTER UPDATE ON evaluations REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION evaluations_note_coverage();

-- An emptied inventory has no coverage; history stays.
CREATE FUNCTION resources_truncate_coverage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE coverage_unsure, coverage_cells, coverage_counts, coverage_totals, coverage_accounts;
    RETURN NULL;
END $$;
CREATE TRIGGER coverage_truncate AFTER TRUNCATE ON resources
    FOR EACH STATEMENT EXECUTE FUNCTION resources_truncate_coverage();

-- Has everything counted anew, in the background.
CREATE FUNCTION coverage_rebuild() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE coverage_unsure, coverage_cells, coverage_counts, coverage_totals, coverage_accounts;
    UPDATE coverage_state SET vocabulary = '';
END $$;

-- Rows of accounts, for who may see them.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['coverage_counts', 'coverage_accounts', 'coverage_days'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY scope ON %I USING
            ((CASE WHEN account_id = ANY ((SELECT accounts_in_scope())::text[]) THEN true END) IS NOT NULL)', name);
        EXECUTE format('GRANT SELECT ON %I TO virtual_tagging_reader', name);
    END LOOP;
END $$;
-- Nothing but numbers, see tagged_unsure: the age of the counts is the same for everybody.
ALTER TABLE coverage_unsure ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON coverage_unsure USING (true);
GRANT SELECT ON coverage_unsure TO virtual_tagging_reader;
ALTER TABLE coverage_cells ENABLE ROW LEVEL SECURITY;
ALTER TABLE coverage_totals ENABLE ROW LEVEL SECURITY;
ALTER TABLE coverage_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE coverage_state ENABLE ROW LEVEL SECURITY;

-- Groups that contradict native tags come first.
DROP INDEX group_counts_impact;
CREATE INDEX group_counts_impact ON group_counts
    (((NOT evidence_signature ^@ 'CONTRADICTS:')::int), (-count), tag_key, tag_value, source, evidence_signature)
    WHERE count > 0;

-- One job more, whichever there are.
DO $$
DECLARE
    jobs CONSTANT text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                            WHERE conrelid = 'scheduler_jobs'::regclass AND conname = 'scheduler_jobs_job_name_check');
BEGIN
    ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
    EXECUTE 'ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check '
        || replace(jobs, 'ARRAY[', 'ARRAY[''snapshot_coverage''::text, ');
END $$;
