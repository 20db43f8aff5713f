-- Summary of an imported file, by the run that read it: format, mapping, gaps and accounts. It may speak of any account, so
-- nobody but the owner reads it.
CREATE TABLE import_summaries (
    run_id  bigint PRIMARY KEY REFERENCES scheduler_jobs (id) ON DELETE CASCADE,
    summary jsonb NOT NULL
);
ALTER TABLE import_summaries ENABLE ROW LEVEL SECURITY;
