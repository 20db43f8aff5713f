DO $$
DECLARE
    change text[];
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
        EXECUTE replace(pg_get_functiondef(change[1]::regproc), change[3], change[2]);
    END LOOP;
END $$;
DROP TRIGGER calibrated_insert ON virtual_tags;
DROP TRIGGER calibrated_update ON virtual_tags;
DROP TRIGGER calibrated_delete ON virtual_tags;
DROP FUNCTION virtual_tags_calibrated, calibration_fold, calibration_rebuild, calibration_check;
DROP VIEW calibration_counts_now, calibration_totals_now;
DROP TABLE calibration_counts, calibration_count_deltas, calibration_totals;
ALTER TABLE virtual_tags DROP COLUMN audit_sample, DROP COLUMN decision_mode;
CREATE OR REPLACE FUNCTION confidence_band(confidence double precision) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(floor(confidence * 10)::integer, 9);
SELECT counters_rebuild();
