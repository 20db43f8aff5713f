DELETE FROM scheduler_jobs WHERE job_name = 'snapshot_coverage';
DELETE FROM schedules WHERE job_name = 'snapshot_coverage';
DO $$
DECLARE
    jobs CONSTANT text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                            WHERE conrelid = 'scheduler_jobs'::regclass AND conname = 'scheduler_jobs_job_name_check');
BEGIN
    ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
    EXECUTE 'ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check '
        || replace(jobs, '''snapshot_coverage''::text, ', '');
END $$;
DROP TRIGGER coverage_truncate ON resources;
DROP TRIGGER coverage_insert ON resources;
DROP TRIGGER coverage_update ON resources;
DROP TRIGGER coverage_delete ON resources;
DROP TRIGGER coverage_insert ON virtual_tags;
DROP TRIGGER coverage_update ON virtual_tags;
DROP TRIGGER coverage_delete ON virtual_tags;
DROP TRIGGER coverage_update ON evaluations;
DROP FUNCTION resources_truncate_coverage, resources_note_coverage, tags_note_coverage, evaluations_note_coverage, folded_type, coverage_rebuild;
DROP TABLE coverage_state, coverage_days, coverage_accounts, coverage_totals, coverage_counts, coverage_cells, coverage_keys,
    coverage_unsure;
DROP INDEX group_counts_impact;
CREATE INDEX group_counts_impact ON group_counts ((-count), tag_key, tag_value, source, evidence_signature)
    WHERE count > 0;
