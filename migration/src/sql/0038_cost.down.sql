DELETE FROM scheduler_jobs WHERE job_name = 'import_cost';
DELETE FROM schedules WHERE job_name = 'import_cost';
DO $$
DECLARE
    jobs CONSTANT text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                            WHERE conrelid = 'scheduler_jobs'::regclass AND conname = 'scheduler_jobs_job_name_check');
BEGIN
    ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
    EXECUTE 'ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check '
        || replace(jobs, '''import_cost''::text, ', '');
END $$;
REVOKE SELECT ON coverage_cells, coverage_keys FROM virtual_tagging_reader;
DROP POLICY scope ON coverage_cells;
DROP POLICY scope ON coverage_keys;
DROP TRIGGER cost_delete ON resources;
DROP TRIGGER cost_truncate ON resources;
DROP FUNCTION resources_release_cost, resource_id_end;
DROP TABLE cost_staged_rows, cost_imports, cost_totals, cost_lines, cost_bills;
