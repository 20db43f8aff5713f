-- Job runs, their schedules, and the files that import runs work on.

CREATE TABLE scheduler_jobs (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_name            text NOT NULL CHECK (job_name IN ('discover', 'auto_tag', 'import', 'maintain')),
    arguments           jsonb NOT NULL DEFAULT '{}',
    status              text NOT NULL DEFAULT 'QUEUED' CHECK (status IN
                            ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    -- Claims that count: one that a shutdown handed back does not, and a retry by hand starts anew.
    attempt             integer NOT NULL DEFAULT 0,
    max_attempts        integer NOT NULL DEFAULT 5,
    -- Counts all claims and never falls. A worker that was presumed dead and wakes up holds an old number, and is
    -- refused.
    fence               bigint NOT NULL DEFAULT 0,
    run_at              timestamptz NOT NULL DEFAULT now(),
    -- When the queue was last told of this run.
    woken_at            timestamptz NOT NULL DEFAULT now(),
    -- The tick of the schedule that asked for this run; NULL when a person or another run did.
    scheduled_for       timestamptz,
    progress_done       bigint NOT NULL DEFAULT 0,
    progress_total      bigint,
    -- What came of it, by name: inserted, updated, proposed, ...
    counts              jsonb NOT NULL DEFAULT '{}',
    error               text,
    requested_by        text NOT NULL,
    worker              text,
    heartbeat_at        timestamptz,
    cancel_requested_at timestamptz,
    cancel_requested_by text,
    -- Runs with an equal key do not stand in the queue twice; a run that comes back to the queue gives its key up.
    singleton_key       text,
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    finished_at         timestamptz
);
CREATE UNIQUE INDEX scheduler_jobs_tick ON scheduler_jobs (job_name, scheduled_for) WHERE scheduled_for IS NOT NULL;
CREATE UNIQUE INDEX scheduler_jobs_singleton ON scheduler_jobs (singleton_key)
    WHERE singleton_key IS NOT NULL AND status = 'QUEUED';
CREATE INDEX scheduler_jobs_name ON scheduler_jobs (job_name, id);
CREATE INDEX scheduler_jobs_status ON scheduler_jobs (status, id);
CREATE INDEX scheduler_jobs_open ON scheduler_jobs (run_at) WHERE status IN ('QUEUED', 'RUNNING');

CREATE TABLE schedules (
    job_name     text PRIMARY KEY,
    cron         text NOT NULL,
    arguments    jsonb NOT NULL DEFAULT '{}',
    last_tick_at timestamptz,
    -- Ticks before this moment are not made up for: the schedule did not exist, was paused, or read otherwise.
    active_from  timestamptz NOT NULL,
    paused_at    timestamptz,
    paused_by    text
);

-- An uploaded file waits here until an import run on any replica has read it.
CREATE TABLE import_files (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_name  text NOT NULL,
    byte_size  bigint NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE import_chunks (
    file_id bigint NOT NULL REFERENCES import_files (id) ON DELETE CASCADE,
    seq     integer NOT NULL,
    data    bytea NOT NULL,
    PRIMARY KEY (file_id, seq)
);

-- Lines that an import or a discovery run refused.
CREATE TABLE import_rejections (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      bigint NOT NULL REFERENCES scheduler_jobs (id) ON DELETE CASCADE,
    line        bigint,
    column_name text,
    value       text,
    reason      text NOT NULL,
    UNIQUE (run_id, id)
);
