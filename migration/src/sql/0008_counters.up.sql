-- Maintained counters: how many tags, groups of the queue, resources and decisions there are, without counting them.
--
-- A statement that writes tags appends what it changed of the figures, summed up, to a table of deltas. So writers share
-- no row, wait for nobody, and a rollback takes the deltas along. A background task folds deltas into the counts
-- every second. Who reads sums both, in one snapshot, and has the exact figure at any moment.

-- Tags by what most filters ask for. `band` is a tenth of the confidence: 9 from 0.9 to 1.
CREATE TABLE tag_counts (
    approval_status text NOT NULL,
    account_id      text NOT NULL,
    tag_key         text NOT NULL,
    source          text NOT NULL,
    auto_applied    boolean NOT NULL,
    band            integer NOT NULL,
    cloud           text NOT NULL,
    count           bigint NOT NULL,
    PRIMARY KEY (account_id, approval_status, tag_key, source, auto_applied, band, cloud)
) WITH (fillfactor = 70);
CREATE TABLE tag_count_deltas (LIKE tag_counts);
-- The same of all accounts, for who may see all: there may be thousands.
CREATE TABLE tag_totals (
    approval_status text NOT NULL,
    tag_key         text NOT NULL,
    source          text NOT NULL,
    auto_applied    boolean NOT NULL,
    band            integer NOT NULL,
    cloud           text NOT NULL,
    count           bigint NOT NULL,
    PRIMARY KEY (approval_status, tag_key, source, auto_applied, band, cloud)
) WITH (fillfactor = 70);

-- The groups of the queue.
CREATE TABLE group_counts (
    tag_key            text NOT NULL,
    tag_value          text NOT NULL,
    source             text NOT NULL,
    evidence_signature text NOT NULL,
    count              bigint NOT NULL,
    PRIMARY KEY (tag_key, tag_value, source, evidence_signature)
) WITH (fillfactor = 70);
CREATE TABLE group_count_deltas (LIKE group_counts);

-- Resources.
CREATE TABLE resource_counts (
    account_id    text NOT NULL,
    cloud         text NOT NULL,
    resource_type text NOT NULL,
    retired       boolean NOT NULL,
    count         bigint NOT NULL,
    PRIMARY KEY (account_id, cloud, resource_type, retired)
) WITH (fillfactor = 70);
CREATE TABLE resource_count_deltas (LIKE resource_counts);
CREATE TABLE resource_totals (
    cloud         text NOT NULL,
    resource_type text NOT NULL,
    retired       boolean NOT NULL,
    count         bigint NOT NULL,
    PRIMARY KEY (cloud, resource_type, retired)
) WITH (fillfactor = 70);

-- What people decided, by the minute; kept for two days.
CREATE TABLE decision_counts (
    minute     timestamptz NOT NULL,
    account_id text NOT NULL,
    tag_key    text NOT NULL,
    count      bigint NOT NULL,
    PRIMARY KEY (minute, account_id, tag_key)
);
CREATE TABLE decision_count_deltas (LIKE decision_counts);

-- The resources that are alive and have an approved tag. A change of one tag does not tell whether its resource has
-- another approved one, and of several changes in one statement each sees the end of all. So a writer only notes
-- which resources to look at, and who folds looks.
CREATE TABLE tagged_resources (
    resource_id bigint PRIMARY KEY,
    account_id  text NOT NULL,
    cloud       text NOT NULL
);
CREATE TABLE tagged_counts (
    account_id text NOT NULL,
    cloud      text NOT NULL,
    count      bigint NOT NULL,
    PRIMARY KEY (account_id, cloud)
) WITH (fillfactor = 70);
CREATE TABLE tagged_unsure (resource_ids bigint[] NOT NULL);

-- What is read: the counts and what is not yet folded into them.
CREATE VIEW tag_counts_now AS TABLE tag_counts UNION ALL TABLE tag_count_deltas;
CREATE VIEW tag_totals_now AS TABLE tag_totals
    UNION ALL SELECT approval_status, tag_key, source, auto_applied, band, cloud, count FROM tag_count_deltas;
CREATE VIEW group_counts_now AS
    SELECT tag_key, tag_value, source, evidence_signature, sum(count)::bigint AS count
      FROM (TABLE group_counts UNION ALL TABLE group_count_deltas) both_tables
     GROUP BY tag_key, tag_value, source, evidence_signature HAVING sum(count) > 0;
CREATE VIEW resource_counts_now AS TABLE resource_counts UNION ALL TABLE resource_count_deltas;
CREATE VIEW resource_totals_now AS TABLE resource_totals
    UNION ALL SELECT cloud, resource_type, retired, count FROM resource_count_deltas;
CREATE VIEW decision_counts_now AS TABLE decision_counts UNION ALL TABLE decision_count_deltas;

CREATE FUNCTION confidence_band(confidence double precision) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(floor(confidence * 10)::integer, 9);

CREATE FUNCTION virtual_tags_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tag_count_deltas
        SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, count(*)
          FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6, 7;
        INSERT INTO group_count_deltas
        SELECT tag_key, tag_value, source, evidence_signature, count(*)
          FROM new_rows WHERE approval_status = 'PENDING' GROUP BY 1, 2, 3, 4;
        INSERT INTO tagged_unsure
        SELECT array_agg(resource_id) FROM new_rows WHERE approval_status = 'APPROVED' GROUP BY resource_id / 1000;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO tag_count_deltas
        SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, -count(*)
          FROM old_rows GROUP BY 1, 2, 3, 4, 5, 6, 7;
        INSERT INTO group_count_deltas
        SELECT tag_key, tag_value, source, evidence_signature, -count(*)
          FROM old_rows WHERE approval_status = 'PENDING' GROUP BY 1, 2, 3, 4;
        INSERT INTO tagged_unsure
        SELECT array_agg(resource_id) FROM old_rows WHERE approval_status = 'APPROVED' GROUP BY resource_id / 1000;
    ELSE
        INSERT INTO tag_count_deltas
        SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, sum(n)
          FROM (SELECT approval_status, account_id, tag_key, source, auto_applied, confidence, cloud, 1 AS n
                  FROM new_rows
                UNION ALL
                SELECT approval_status, account_id, tag_key, source, auto_applied, confidence, cloud, -1
                  FROM old_rows) changes
         GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0;
        INSERT INTO group_count_deltas
        SELECT tag_key, tag_value, source, evidence_signature, sum(n)
          FROM (SELECT tag_key, tag_value, source, evidence_signature, 1 AS n
                  FROM new_rows WHERE approval_status = 'PENDING'
                UNION ALL
                SELECT tag_key, tag_value, source, evidence_signature, -1
                  FROM old_rows WHERE approval_status = 'PENDING') changes
         GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
        INSERT INTO tagged_unsure
        SELECT array_agg(resource_id)
          FROM (SELECT resource_id
                  FROM (SELECT resource_id, 1 AS n FROM new_rows WHERE approval_status = 'APPROVED'
                        UNION ALL
                        SELECT resource_id, -1 FROM old_rows WHERE approval_status = 'APPROVED') changes
                 GROUP BY resource_id HAVING sum(n) <> 0) resources
         GROUP BY resource_id / 1000;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER counted_insert AFTER INSERT ON virtual_tags REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted();
CREATE TRIGGER counted_update AFTER UPDATE ON virtual_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted();
CREATE TRIGGER counted_delete AFTER DELETE ON virtual_tags REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted();

CREATE FUNCTION resources_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO resource_count_deltas
        SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, count(*) FROM new_rows GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO resource_count_deltas
        SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, -count(*) FROM old_rows GROUP BY 1, 2, 3, 4;
        INSERT INTO tagged_unsure SELECT array_agg(id) FROM old_rows GROUP BY id / 1000;
    ELSE
        INSERT INTO resource_count_deltas
        SELECT account_id, cloud, resource_type, retired, sum(n)
          FROM (SELECT account_id, cloud, resource_type, retired_at IS NOT NULL AS retired, 1 AS n FROM new_rows
                UNION ALL
                SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, -1 FROM old_rows) changes
         GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
        -- Two resources may change places, so this cannot be told from the sums.
        INSERT INTO tagged_unsure
        SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.account_id, n.cloud, n.retired_at IS NULL) IS DISTINCT FROM (o.account_id, o.cloud, o.retired_at IS NULL)
         GROUP BY n.id / 1000;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER counted_insert AFTER INSERT ON resources REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION resources_counted();
CREATE TRIGGER counted_update AFTER UPDATE ON resources REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION resources_counted();
CREATE TRIGGER counted_delete AFTER DELETE ON resources REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION resources_counted();

CREATE FUNCTION tag_audit_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO decision_count_deltas
    SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*)
      FROM new_rows WHERE action IN ('APPROVED', 'DENIED') GROUP BY 1, 2, 3;
    RETURN NULL;
END $$;
CREATE TRIGGER counted_insert AFTER INSERT ON tag_audit REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tag_audit_counted();

CREATE FUNCTION virtual_tags_counted_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE tag_counts, tag_totals, tag_count_deltas, group_counts, group_count_deltas, tagged_resources, tagged_counts,
        tagged_unsure;
    RETURN NULL;
END $$;
CREATE TRIGGER counted_truncate AFTER TRUNCATE ON virtual_tags
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted_truncate();
CREATE FUNCTION resources_counted_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE resource_counts, resource_totals, resource_count_deltas;
    RETURN NULL;
END $$;
CREATE TRIGGER counted_truncate AFTER TRUNCATE ON resources
    FOR EACH STATEMENT EXECUTE FUNCTION resources_counted_truncate();

-- Folds deltas into counts, some ten thousand of them; says how many. One at a time does, the others give up at once.
CREATE FUNCTION counters_fold() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    most constant integer := 20000;
    folded bigint := 0;
    part bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('counters_fold')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (DELETE FROM tag_count_deltas WHERE ctid = ANY (ARRAY(SELECT ctid FROM tag_count_deltas LIMIT most))
            RETURNING *),
         sums AS (INSERT INTO tag_counts
            SELECT approval_status, account_id, tag_key, source, auto_applied, band, cloud, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(count) <> 0
            ON CONFLICT (account_id, approval_status, tag_key, source, auto_applied, band, cloud)
               DO UPDATE SET count = tag_counts.count + excluded.count),
         totals AS (INSERT INTO tag_totals
            SELECT approval_status, tag_key, source, auto_applied, band, cloud, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(count) <> 0
            ON CONFLICT (approval_status, tag_key, source, auto_applied, band, cloud)
               DO UPDATE SET count = tag_totals.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    folded := folded + part;
    WITH taken AS (DELETE FROM group_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM group_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO group_counts
            SELECT tag_key, tag_value, source, evidence_signature, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0
            ON CONFLICT (tag_key, tag_value, source, evidence_signature)
               DO UPDATE SET count = group_counts.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    folded := folded + part;
    WITH taken AS (DELETE FROM resource_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM resource_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO resource_counts
            SELECT account_id, cloud, resource_type, retired, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0
            ON CONFLICT (account_id, cloud, resource_type, retired)
               DO UPDATE SET count = resource_counts.count + excluded.count),
         totals AS (INSERT INTO resource_totals
            SELECT cloud, resource_type, retired, sum(count) FROM taken GROUP BY 1, 2, 3 HAVING sum(count) <> 0
            ON CONFLICT (cloud, resource_type, retired)
               DO UPDATE SET count = resource_totals.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    folded := folded + part;
    WITH taken AS (DELETE FROM decision_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM decision_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO decision_counts
            SELECT minute, account_id, tag_key, sum(count) FROM taken GROUP BY 1, 2, 3
            ON CONFLICT (minute, account_id, tag_key) DO UPDATE SET count = decision_counts.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    RETURN folded + part + counters_fold_tagged(20);
END $$;

-- Looks at the resources of so many notes, and counts again those whose state is another than it was.
CREATE FUNCTION counters_fold_tagged(notes integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    part bigint;
BEGIN
    WITH taken AS (DELETE FROM tagged_unsure WHERE ctid = ANY (ARRAY(SELECT ctid FROM tagged_unsure LIMIT notes))
            RETURNING resource_ids),
         ids AS MATERIALIZED (SELECT DISTINCT id FROM taken, unnest(resource_ids) id),
         present AS MATERIALIZED (SELECT r.id, r.account_id, r.cloud FROM ids JOIN resources r USING (id)
             WHERE r.retired_at IS NULL AND EXISTS (SELECT 1 FROM virtual_tags t
                   WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED')),
         past AS MATERIALIZED (SELECT t.* FROM ids JOIN tagged_resources t ON t.resource_id = ids.id),
         gone AS (DELETE FROM tagged_resources t USING past WHERE t.resource_id = past.resource_id
             AND NOT EXISTS (SELECT 1 FROM present WHERE present.id = past.resource_id)),
         come AS (INSERT INTO tagged_resources AS t SELECT * FROM present
             ON CONFLICT (resource_id) DO UPDATE SET account_id = excluded.account_id, cloud = excluded.cloud
              WHERE (t.account_id, t.cloud) <> (excluded.account_id, excluded.cloud)),
         sums AS (INSERT INTO tagged_counts
            SELECT account_id, cloud, sum(n) FROM (SELECT account_id, cloud, 1 AS n FROM present
                   UNION ALL SELECT account_id, cloud, -1 FROM past) changes
             GROUP BY 1, 2 HAVING sum(n) <> 0
            ON CONFLICT (account_id, cloud) DO UPDATE SET count = tagged_counts.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    RETURN part;
END $$;

-- Counts everything anew. Writers wait meanwhile; those of the trail, too, for they write tags.
CREATE FUNCTION counters_rebuild() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE resources, virtual_tags IN SHARE MODE;
    TRUNCATE tag_counts, tag_totals, tag_count_deltas, group_counts, group_count_deltas, resource_counts, resource_totals,
        resource_count_deltas, decision_counts, decision_count_deltas, tagged_resources, tagged_counts, tagged_unsure;
    INSERT INTO tag_counts
    SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, count(*)
      FROM virtual_tags GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO tag_totals
    SELECT approval_status, tag_key, source, auto_applied, band, cloud, sum(count)
      FROM tag_counts GROUP BY 1, 2, 3, 4, 5, 6;
    INSERT INTO group_counts
    SELECT tag_key, tag_value, source, evidence_signature, count(*)
      FROM virtual_tags WHERE approval_status = 'PENDING' GROUP BY 1, 2, 3, 4;
    INSERT INTO resource_counts
    SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, count(*) FROM resources GROUP BY 1, 2, 3, 4;
    INSERT INTO resource_totals
    SELECT cloud, resource_type, retired, sum(count) FROM resource_counts GROUP BY 1, 2, 3;
    INSERT INTO decision_counts
    SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*)
      FROM tag_audit WHERE action IN ('APPROVED', 'DENIED') AND "timestamp" >= now() - interval '2 days'
     GROUP BY 1, 2, 3;
    INSERT INTO tagged_resources
    SELECT r.id, r.account_id, r.cloud FROM resources r
     WHERE r.retired_at IS NULL AND EXISTS (SELECT 1 FROM virtual_tags t
           WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED');
    INSERT INTO tagged_counts SELECT account_id, cloud, count(*) FROM tagged_resources GROUP BY 1, 2;
END $$;

-- Compares the counters with the tables, in one snapshot; no row says that all is well. Reads everything. Resources
-- that are noted as unsure are no difference.
CREATE FUNCTION counters_check() RETURNS TABLE (counter text, cell text, counted bigint, present bigint)
LANGUAGE sql STABLE AS $$
    WITH kept AS (
        SELECT 'tags' AS counter, concat_ws(' / ', approval_status, account_id, tag_key, source, auto_applied, band,
               cloud) AS cell, count FROM tag_counts_now
        UNION ALL
        SELECT 'all tags', concat_ws(' / ', approval_status, tag_key, source, auto_applied, band, cloud), count
          FROM tag_totals_now
        UNION ALL
        SELECT 'groups', concat_ws(' / ', tag_key, tag_value, source, evidence_signature), count
          FROM (TABLE group_counts UNION ALL TABLE group_count_deltas) g
        UNION ALL
        SELECT 'resources', concat_ws(' / ', account_id, cloud, resource_type, retired), count FROM resource_counts_now
        UNION ALL
        SELECT 'all resources', concat_ws(' / ', cloud, resource_type, retired), count FROM resource_totals_now
        UNION ALL
        SELECT 'decisions', concat_ws(' / ', minute, account_id, tag_key), count FROM decision_counts_now
         WHERE minute > now() - interval '1 day'
        UNION ALL
        SELECT 'tagged', concat_ws(' / ', account_id, cloud), count FROM tagged_counts
        UNION ALL
        SELECT 'tagged resource', t.resource_id::text, 1 FROM tagged_resources t
         WHERE NOT EXISTS (SELECT 1 FROM tagged_unsure u WHERE t.resource_id = ANY (u.resource_ids))),
    recount AS (
        SELECT 'tags' AS counter, concat_ws(' / ', approval_status, account_id, tag_key, source, auto_applied,
               confidence_band(confidence), cloud) AS cell, count(*) AS count FROM virtual_tags GROUP BY 2
        UNION ALL
        SELECT 'all tags', concat_ws(' / ', approval_status, tag_key, source, auto_applied,
               confidence_band(confidence), cloud), count(*) FROM virtual_tags GROUP BY 2
        UNION ALL
        SELECT 'groups', concat_ws(' / ', tag_key, tag_value, source, evidence_signature), count(*)
          FROM virtual_tags WHERE approval_status = 'PENDING' GROUP BY 2
        UNION ALL
        SELECT 'resources', concat_ws(' / ', account_id, cloud, resource_type, retired_at IS NOT NULL), count(*)
          FROM resources GROUP BY 2
        UNION ALL
        SELECT 'all resources', concat_ws(' / ', cloud, resource_type, retired_at IS NOT NULL), count(*)
          FROM resources GROUP BY 2
        UNION ALL
        SELECT 'decisions', concat_ws(' / ', date_trunc('minute', "timestamp"), account_id, tag_key), count(*)
          FROM tag_audit WHERE action IN ('APPROVED', 'DENIED')
           AND date_trunc('minute', "timestamp") > now() - interval '1 day' GROUP BY 2
        UNION ALL
        SELECT 'tagged', concat_ws(' / ', account_id, cloud), count(*) FROM tagged_resources GROUP BY 2
        UNION ALL
        SELECT 'tagged resource', r.id::text, 1 FROM resources r
         WHERE r.retired_at IS NULL
           AND EXISTS (SELECT 1 FROM virtual_tags t WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED')
           AND NOT EXISTS (SELECT 1 FROM tagged_unsure u WHERE r.id = ANY (u.resource_ids))),
    kept_sums AS (SELECT counter, cell, sum(count)::bigint AS count FROM kept GROUP BY 1, 2)
    SELECT counter, cell, coalesce(k.count, 0), coalesce(r.count, 0)
      FROM kept_sums k FULL JOIN recount r USING (counter, cell)
     WHERE coalesce(k.count, 0) <> coalesce(r.count, 0)
$$;
SELECT counters_rebuild();

-- Indexes. Walking an order and skipping what a filter does not take finds a page of what is frequent. What is rare, or
-- is not there at all, is collected by these two: they know each combination of columns, are a fifth as large as
-- one of the indexes below, and cost a writer next to nothing. So no column needs an index of its own any more.
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX virtual_tags_rare ON virtual_tags USING gin
    (approval_status, tag_key, tag_value, source, evidence_signature, cloud, account_id, resource_type)
    WITH (gin_pending_list_limit = 1024);
DROP INDEX virtual_tags_status, virtual_tags_key;
CREATE INDEX resources_rare ON resources USING gin (cloud, account_id, resource_type, region);
CREATE INDEX resources_retired ON resources (id) WHERE retired_at IS NOT NULL;
-- The tags of a rule in their order.
DROP INDEX virtual_tags_rule;
CREATE INDEX virtual_tags_rule ON virtual_tags (rule_id, id) WHERE rule_id IS NOT NULL;
-- The queue: a source has its own confidences, and an account its own time, so that walking either order would skip most
-- of the queue before it came to the first of them.
CREATE INDEX virtual_tags_queue_source ON virtual_tags (source, confidence, id) WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_account_age ON virtual_tags (account_id, created_at, id)
    WHERE approval_status = 'PENDING';
DROP INDEX virtual_tags_queue_key;
CREATE INDEX virtual_tags_queue_key ON virtual_tags (tag_key, confidence, id) WHERE approval_status = 'PENDING';
-- A group in both orders, which also tell its lowest and highest confidence, and its oldest.
DROP INDEX virtual_tags_queue_group;
CREATE INDEX virtual_tags_queue_group ON virtual_tags
    (tag_key, tag_value, source, evidence_signature, confidence, id) WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_group_age ON virtual_tags
    (tag_key, tag_value, source, evidence_signature, created_at, id) WHERE approval_status = 'PENDING';
-- Columns that are not independent of each other: a type is one of a cloud, and may be all decided. Without knowing it
-- the planner would walk the whole queue for what is frequent in each column, and absent in both together.
CREATE STATISTICS virtual_tags_cloud_type (mcv) ON cloud, resource_type FROM virtual_tags;
CREATE STATISTICS virtual_tags_status_type (mcv) ON approval_status, resource_type FROM virtual_tags;
CREATE STATISTICS resources_cloud_type (mcv) ON cloud, resource_type FROM resources;
ALTER STATISTICS virtual_tags_cloud_type SET STATISTICS 500;
ALTER STATISTICS virtual_tags_status_type SET STATISTICS 500;
ALTER STATISTICS resources_cloud_type SET STATISTICS 500;
-- Enough values known by name that one which is not among them is taken for rare: a page of a few rows would else be
-- looked for along the whole queue.
ALTER TABLE virtual_tags ALTER resource_type SET STATISTICS 500, ALTER tag_value SET STATISTICS 500,
    ALTER evidence_signature SET STATISTICS 500;
ALTER TABLE resources ALTER resource_type SET STATISTICS 500;
