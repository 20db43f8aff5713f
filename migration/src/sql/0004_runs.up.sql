-- Jobs that came later.
ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check
    CHECK (job_name IN ('discover', 'auto_tag', 'import', 'maintain', 'decide', 'seal'));

ALTER TABLE scheduler_jobs
    -- Greater first, in the queue and when a running run gives way.
    ADD COLUMN priority         smallint NOT NULL DEFAULT 0,
    -- Of the runs with an equal key at most one is RUNNING; the others wait in the queue.
    ADD COLUMN exclusive_key    text,
    -- The advisory lock that the worker's process holds for as long as it lives.
    ADD COLUMN worker_key       bigint,
    -- When the present or last attempt began.
    ADD COLUMN claimed_at       timestamptz,
    -- progress_done when the attempt began: one that got further does not count. NULL: the attempt began anew, and
    -- counts however far it gets.
    ADD COLUMN progress_claimed bigint,
    -- The run that asked for this one to share its work; such a run that finds nothing to do leaves no trace.
    ADD COLUMN recruited_by     bigint;

-- Each heartbeat is an update: with room in its page it touches no index.
ALTER TABLE scheduler_jobs SET (fillfactor = 70);

CREATE UNIQUE INDEX scheduler_jobs_exclusive ON scheduler_jobs (exclusive_key)
    WHERE exclusive_key IS NOT NULL AND status = 'RUNNING';
CREATE INDEX scheduler_jobs_waiting ON scheduler_jobs (priority DESC, run_at, id) WHERE status = 'QUEUED';

ALTER TABLE schedules
    ADD COLUMN time_zone  text NOT NULL DEFAULT 'UTC',
    -- What the configuration said when it was last looked at: only another configuration overrides an edit.
    ADD COLUMN configured jsonb,
    ADD COLUMN edited_at  timestamptz,
    ADD COLUMN edited_by  text;
UPDATE schedules SET configured = jsonb_build_object('cron', cron, 'time_zone', 'UTC');
