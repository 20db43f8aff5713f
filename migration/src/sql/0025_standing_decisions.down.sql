DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['counters_rebuild', 'counters_check'] LOOP
        EXECUTE replace(pg_get_functiondef(name::regproc), 'standing_decisions WHERE true',
            'tag_audit WHERE action IN (''APPROVED'', ''DENIED'')');
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION tag_audit_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO decision_count_deltas
    SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*)
      FROM new_rows WHERE action IN ('APPROVED', 'DENIED') GROUP BY 1, 2, 3;
    RETURN NULL;
END $$;
DROP VIEW standing_decisions;
-- Who writes the trail writes tags, too.
LOCK TABLE virtual_tags IN SHARE MODE;
TRUNCATE decision_counts, decision_count_deltas;
INSERT INTO decision_counts
SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*)
  FROM tag_audit WHERE action IN ('APPROVED', 'DENIED') AND "timestamp" >= now() - interval '2 days' GROUP BY 1, 2, 3;
