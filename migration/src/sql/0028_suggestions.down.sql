-- Tags that rules approved stay approved, as if each had been decided by itself.
DELETE FROM scheduler_jobs WHERE job_name = 'mine_suggestions';
DELETE FROM schedules WHERE job_name = 'mine_suggestions';
DO $$
DECLARE
    jobs CONSTANT text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                            WHERE conrelid = 'scheduler_jobs'::regclass AND conname = 'scheduler_jobs_job_name_check');
BEGIN
    ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
    EXECUTE 'ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check '
        || replace(jobs, '''mine_suggestions''::text, ', '');
END $$;
ALTER TABLE virtual_tags DROP COLUMN approved_by_rule;
DROP INDEX rules_suggestion;
DROP INDEX rules_order;
CREATE INDEX rules_order ON rules (priority, id);
ALTER TABLE rules DROP CONSTRAINT rules_accepted_check, DROP COLUMN accepted_reason, DROP COLUMN accepted_at,
    DROP COLUMN accepted_by, DROP COLUMN suggestion_id, DROP COLUMN approves;
DROP TABLE suggestion_state;
DROP TABLE rule_suggestions;
DROP FUNCTION refuse_suggestion_out_of_scope();
