DELETE FROM scheduler_jobs WHERE job_name IN ('decide', 'seal');
ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check
    CHECK (job_name IN ('discover', 'auto_tag', 'import', 'maintain'));
DROP INDEX scheduler_jobs_exclusive, scheduler_jobs_waiting;
ALTER TABLE scheduler_jobs RESET (fillfactor);
ALTER TABLE scheduler_jobs DROP COLUMN priority, DROP COLUMN exclusive_key,
    DROP COLUMN worker_key, DROP COLUMN claimed_at, DROP COLUMN progress_claimed,
    DROP COLUMN recruited_by;
DELETE FROM schedules WHERE job_name IN ('decide', 'seal');
ALTER TABLE schedules DROP COLUMN time_zone, DROP COLUMN configured, DROP COLUMN edited_at,
    DROP COLUMN edited_by;
