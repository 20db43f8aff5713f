-- Jobs that came later.
ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check
    CHECK (job_name IN ('discover', 'auto_tag', 'import', 'maintain', 'decide', 'seal'));
