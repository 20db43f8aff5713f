-- Calibration: how often persons confirmed proposals, by key, source and confidence; and a random sample of the proposals
-- that shows decisions which were made without a look.

ALTER TABLE virtual_tags
    -- Way in which a person judged the proposal: SINGLE, named alone by its id, or BULK, with others. The values that lose
    -- to an approval are judged with it. NULL where no person judged: pending, imported, approved by a rule or a policy, withdrawn.
    ADD COLUMN decision_mode text CHECK (decision_mode IN ('SINGLE', 'BULK')),
    ADD CONSTRAINT virtual_tags_decision_mode_pending CHECK (decision_mode IS NULL OR approval_status <> 'PENDING'),
    -- 5 % of the proposals (3277 of 65536), by a hash: an evaluation draws no other sample.
    ADD COLUMN audit_sample boolean NOT NULL GENERATED ALWAYS AS (source NOT IN ('MANUAL', 'CSV')
        AND (hashtextextended(tag_key || '=' || tag_value, resource_id) & 65535) < 3277) STORED;

-- Decisions of one transaction have the same time: one alone was taken singly. Denied native values are no proposals.
WITH decided AS (
    SELECT id, count(*) OVER (PARTITION BY decided_by, decided_at) AS together FROM virtual_tags
     WHERE approval_status IN ('APPROVED', 'DENIED') AND decided_at IS NOT NULL
       AND NOT (approved_by_rule AND approval_status = 'APPROVED') AND source <> 'CSV' AND NOT (source = 'NATIVE' AND confidence = 0))
UPDATE virtual_tags t SET decision_mode = CASE d.together WHEN 1 THEN 'SINGLE' ELSE 'BULK' END
  FROM decided d WHERE t.id = d.id;
UPDATE virtual_tags t SET decision_mode = w.decision_mode
  FROM virtual_tags w WHERE t.superseded_by = w.id AND t.approval_status = 'SUPERSEDED' AND t.superseded_from = 'PENDING'
   AND w.decision_mode IS NOT NULL;

-- Judged proposals, counted as in 0008_counters. `band` is a twentieth of the confidence, `confidence` the sum of the
-- confidences in millionths.
CREATE TABLE calibration_counts (
    account_id    text NOT NULL,
    tag_key       text NOT NULL,
    source        text NOT NULL,
    band          integer NOT NULL,
    audit_sample  boolean NOT NULL,
    decision_mode text NOT NULL,
    approved      boolean NOT NULL,
    count         bigint NOT NULL,
    confidence    bigint NOT NULL,
    PRIMARY KEY (account_id, tag_key, source, band, audit_sample, decision_mode, approved)
) WITH (fillfactor = 70);
CREATE TABLE calibration_count_deltas (LIKE calibration_counts);
-- The same of all accounts, for callers who may see all.
CREATE TABLE calibration_totals (
    tag_key       text NOT NULL,
    source        text NOT NULL,
    band          integer NOT NULL,
    audit_sample  boolean NOT NULL,
    decision_mode text NOT NULL,
    approved      boolean NOT NULL,
    count         bigint NOT NULL,
    confidence    bigint NOT NULL,
    PRIMARY KEY (tag_key, source, band, audit_sample, decision_mode, approved)
) WITH (fillfactor = 70);
CREATE VIEW calibration_counts_now WITH (security_invoker = true) AS
    TABLE calibration_counts UNION ALL TABLE calibration_count_deltas;
CREATE VIEW calibration_totals_now WITH (security_invoker = true) AS
    TABLE calibration_totals
    UNION ALL SELECT tag_key, source, band, audit_sample, decision_mode, approved, count, confidence
      FROM calibration_count_deltas;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['calibration_counts', 'calibration_count_deltas'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY scope ON %I USING
            ((CASE WHEN account_id = ANY ((SELECT accounts_in_scope())::text[]) THEN true END) IS NOT NULL)', name);
    END LOOP;
END $$;
ALTER TABLE calibration_totals ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON calibration_counts, calibration_count_deltas, calibration_counts_now TO virtual_tagging_reader;

-- Bands of 0.05 in place of 0.1, for calibration and for the counters of tags: its buckets need both.
CREATE OR REPLACE FUNCTION confidence_band(confidence double precision) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(floor(confidence * 20)::integer, 19);

CREATE FUNCTION virtual_tags_calibrated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO calibration_count_deltas
        SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED', count(*), sum(round(confidence * 1000000)::bigint)
          FROM new_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO calibration_count_deltas
        SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED', -count(*), -sum(round(confidence * 1000000)::bigint)
          FROM old_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ELSE
        INSERT INTO calibration_count_deltas
        SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED', sum(n), sum(n * round(confidence * 1000000)::bigint)
          FROM (SELECT account_id, tag_key, source, confidence, audit_sample, decision_mode, approval_status, 1 AS n
                  FROM new_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV')
                UNION ALL
                SELECT account_id, tag_key, source, confidence, audit_sample, decision_mode, approval_status, -1
                  FROM old_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV')) changes
         GROUP BY 1, 2, 3, 4, 5, 6, 7
        HAVING sum(n) <> 0 OR sum(n * round(confidence * 1000000)::bigint) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER calibrated_insert AFTER INSERT ON virtual_tags REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_calibrated();
CREATE TRIGGER calibrated_update AFTER UPDATE ON virtual_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_calibrated();
CREATE TRIGGER calibrated_delete AFTER DELETE ON virtual_tags REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_calibrated();

CREATE FUNCTION calibration_fold(most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    part bigint;
BEGIN
    WITH taken AS (DELETE FROM calibration_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM calibration_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO calibration_counts
            SELECT account_id, tag_key, source, band, audit_sample, decision_mode, approved, sum(count), sum(confidence)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7
            ON CONFLICT (account_id, tag_key, source, band, audit_sample, decision_mode, approved)
               DO UPDATE SET count = calibration_counts.count + excluded.count,
                             confidence = calibration_counts.confidence + excluded.confidence),
         totals AS (INSERT INTO calibration_totals
            SELECT tag_key, source, band, audit_sample, decision_mode, approved, sum(count), sum(confidence)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6
            ON CONFLICT (tag_key, source, band, audit_sample, decision_mode, approved)
               DO UPDATE SET count = calibration_totals.count + excluded.count,
                             confidence = calibration_totals.confidence + excluded.confidence)
    SELECT count(*) INTO part FROM taken;
    RETURN part;
END $$;

-- Counts anew; for counters_rebuild, which keeps writers away and has emptied the tables.
CREATE FUNCTION calibration_rebuild() RETURNS void LANGUAGE sql AS $$
    INSERT INTO calibration_counts
    SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
           approval_status = 'APPROVED', count(*), sum(round(confidence * 1000000)::bigint)
      FROM virtual_tags WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO calibration_totals
    SELECT tag_key, source, band, audit_sample, decision_mode, approved, sum(count), sum(confidence)
      FROM calibration_counts GROUP BY 1, 2, 3, 4, 5, 6;
$$;

-- Differences between these counters and the tags; for counters_check.
CREATE FUNCTION calibration_check() RETURNS TABLE (counter text, cell text, counted bigint, present bigint)
LANGUAGE sql STABLE AS $$
    WITH judged AS (
        SELECT account_id, concat_ws(' / ', tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED') AS cell, round(confidence * 1000000)::bigint AS confidence
          FROM virtual_tags WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV')),
    kept AS (
        SELECT 'calibration' AS counter, concat_ws(' / ', account_id, tag_key, source, band, audit_sample, decision_mode,
               approved) AS cell, count, confidence FROM calibration_counts_now
        UNION ALL
        SELECT 'calibration of all', concat_ws(' / ', tag_key, source, band, audit_sample, decision_mode, approved), count,
               confidence FROM calibration_totals_now),
    recount AS (
        SELECT 'calibration' AS counter, concat_ws(' / ', account_id, cell) AS cell, count(*) AS count,
               sum(confidence) AS confidence FROM judged GROUP BY 2
        UNION ALL
        SELECT 'calibration of all', cell, count(*), sum(confidence) FROM judged GROUP BY 2),
    kept_sums AS (SELECT counter, cell, sum(count) AS count, sum(confidence) AS confidence FROM kept GROUP BY 1, 2),
    figures AS (
        SELECT counter, cell, coalesce(k.count, 0) AS counted, coalesce(r.count, 0) AS present,
               coalesce(k.confidence, 0) AS counted_confidence, coalesce(r.confidence, 0) AS present_confidence
          FROM kept_sums k FULL JOIN recount r USING (counter, cell))
    SELECT counter, cell, counted::bigint, present::bigint FROM figures WHERE counted <> present
    UNION ALL
    SELECT counter || ', sum of confidences', cell, counted_confidence::bigint, present_confidence::bigint
      FROM figures WHERE counted_confidence <> present_confidence
$$;

-- Functions of earlier migrations that take part: replaced text by text, whichever they are.
DO $$
DECLARE
    change text[];
    definition text;
BEGIN
    FOREACH change SLICE 1 IN ARRAY ARRAY[
        ['counters_fold', 'counters_fold_tagged(20)', 'counters_fold_tagged(20) + calibration_fold(most)'],
        ['counters_rebuild', 'TRUNCATE tag_counts,',
         'TRUNCATE calibration_counts, calibration_totals, calibration_count_deltas, tag_counts,'],
        ['counters_rebuild', 'INSERT INTO tagged_resources',
         E'PERFORM calibration_rebuild();\n    INSERT INTO tagged_resources'],
        ['counters_check', 'coalesce(k.count, 0) <> coalesce(r.count, 0)',
         E'coalesce(k.count, 0) <> coalesce(r.count, 0)\n    UNION ALL SELECT * FROM calibration_check()'],
        ['virtual_tags_counted_truncate', 'TRUNCATE tag_counts,',
         'TRUNCATE calibration_counts, calibration_totals, calibration_count_deltas, tag_counts,'],
        ['virtual_tags_follow_resources', 'decision_reason = NULL, updated_at = now()',
         'decision_reason = NULL, decision_mode = NULL, updated_at = now()']] LOOP
        definition := pg_get_functiondef(change[1]::regproc);
        IF strpos(definition, change[2]) = 0 THEN
            RAISE EXCEPTION '% has no "%"', change[1], change[2];
        END IF;
        EXECUTE replace(definition, change[2], change[3]);
    END LOOP;
END $$;
SELECT counters_rebuild();
