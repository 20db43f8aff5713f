-- Imports of uploaded files: what was read of them waits here to be merged, in parts that all workers share.

-- How far the import of a file is. READING: one worker copies the file's rows into the tables below. MERGING: any
-- worker takes parts of them into the inventory. DONE and REFUSED are its ends.
CREATE TABLE imports (
    file_id  bigint PRIMARY KEY REFERENCES import_files (id) ON DELETE CASCADE,
    -- The run that was asked for; it reads, and ends when all parts are merged. Others only help.
    run_id   bigint NOT NULL REFERENCES scheduler_jobs (id) ON DELETE CASCADE,
    stage    text NOT NULL DEFAULT 'READING' CHECK (stage IN ('READING', 'MERGING', 'DONE', 'REFUSED')),
    -- Entries that were read, those that are rejected included.
    entries  bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0
);
CREATE INDEX imports_run ON imports (run_id);

-- A part is a span of lines. It goes when it is merged.
CREATE TABLE import_parts (
    file_id    bigint NOT NULL REFERENCES imports (file_id) ON DELETE CASCADE,
    part       integer NOT NULL,
    first_line bigint NOT NULL,
    last_line  bigint NOT NULL,
    PRIMARY KEY (file_id, part)
);

-- Rows that were read: valid by themselves, not yet compared with what there is. No foreign key, whose check would
-- cost as much as the row.
CREATE TABLE import_rows (
    file_id       bigint NOT NULL,
    line          bigint NOT NULL,
    resource_id   text NOT NULL,
    name          text NOT NULL,
    cloud         text NOT NULL,
    account_id    text NOT NULL,
    resource_type text NOT NULL,
    region        text,
    native_tags   jsonb NOT NULL,
    created_at    timestamptz,
    PRIMARY KEY (file_id, line)
);
CREATE TABLE import_tags (
    file_id     bigint NOT NULL,
    line        bigint NOT NULL,
    resource_id text NOT NULL,
    tag_key     text NOT NULL,
    tag_value   text NOT NULL,
    -- What it is to be; NULL for one that is to be left as it is.
    status      text CHECK (status IN ('PENDING', 'APPROVED')),
    reason      text,
    PRIMARY KEY (file_id, line)
);

-- What a dry run would do, by a few examples.
CREATE TABLE import_samples (
    run_id      bigint NOT NULL REFERENCES scheduler_jobs (id) ON DELETE CASCADE,
    action      text NOT NULL CHECK (action IN ('INSERT', 'UPDATE', 'UNCHANGED')),
    line        bigint NOT NULL,
    resource_id text NOT NULL,
    -- An array of {column, old, new}.
    changes     jsonb NOT NULL,
    PRIMARY KEY (run_id, action, line)
);
