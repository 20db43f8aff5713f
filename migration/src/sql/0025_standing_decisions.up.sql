-- The decisions of a day are those that stand: what was taken back is taken off the minute in which it was decided, so
-- that it has gone from every window that the decision was in.

-- What people decided lately and nobody took back: each change of a tag holds its resource's row, so the trail's ids are
-- in the order of the changes.
CREATE VIEW standing_decisions WITH (security_invoker = true) AS
SELECT "timestamp", account_id, tag_key
  FROM (SELECT *, lead(action) OVER (PARTITION BY virtual_tag_id ORDER BY id) AS next
          FROM tag_audit WHERE action IN ('APPROVED', 'DENIED', 'CREATED', 'UNDONE')
           AND "timestamp" >= now() - interval '2 days') changes
 WHERE action IN ('APPROVED', 'DENIED') AND next IS DISTINCT FROM 'UNDONE';

CREATE OR REPLACE FUNCTION tag_audit_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO decision_count_deltas
    SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*)
      FROM new_rows WHERE action IN ('APPROVED', 'DENIED') GROUP BY 1, 2, 3;
    -- In the account in which it was counted. What was made by hand was never counted.
    INSERT INTO decision_count_deltas
    SELECT date_trunc('minute', decided."timestamp"), decided.account_id, decided.tag_key, -count(*)
      FROM new_rows undone CROSS JOIN LATERAL (
          SELECT "timestamp", account_id, tag_key, action FROM tag_audit a
           WHERE a.virtual_tag_id = undone.virtual_tag_id AND a.id < undone.id
             AND a.action IN ('APPROVED', 'DENIED', 'CREATED') AND a."timestamp" >= now() - interval '2 days'
           ORDER BY a.id DESC LIMIT 1) decided
     WHERE undone.action = 'UNDONE' AND decided.action <> 'CREATED' GROUP BY 1, 2, 3;
    RETURN NULL;
END $$;

-- Who counts anew, and who compares, looks at the same.
DO $$
DECLARE
    name text;
    definition text;
    decided CONSTANT text := 'tag_audit WHERE action IN (''APPROVED'', ''DENIED'')';
BEGIN
    FOREACH name IN ARRAY ARRAY['counters_rebuild', 'counters_check'] LOOP
        definition := pg_get_functiondef(name::regproc);
        IF strpos(definition, decided) = 0 THEN
            RAISE EXCEPTION '% does not count decisions', name;
        END IF;
        EXECUTE replace(definition, decided, 'standing_decisions WHERE true');
    END LOOP;
END $$;

-- Who writes the trail writes tags, too.
LOCK TABLE virtual_tags IN SHARE MODE;
TRUNCATE decision_counts, decision_count_deltas;
INSERT INTO decision_counts
SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*) FROM standing_decisions GROUP BY 1, 2, 3;
