-- Learning: what engines load beside their settings.

-- Generation of what an engine is made of: rules, vocabulary and model. It rises with each change of them; the revision rises only
-- when a change may affect every resource. An engine of an older generation evaluates nothing any more.
ALTER TABLE engine_state ADD COLUMN generation bigint NOT NULL DEFAULT 1;

-- Models that were trained on this estate, and what became of each.
CREATE TABLE models (
    version         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    status          text NOT NULL CHECK (status IN ('CANDIDATE', 'ACTIVE', 'RETIRED', 'REJECTED')),
    -- Why it has this status.
    status_reason   text NOT NULL,
    activated_at    timestamptz,
    -- Times between which there was what it learned from.
    window_start    timestamptz,
    window_end      timestamptz NOT NULL,
    -- Changes of resources from this transaction on are later than what it learned from.
    window_xid      xid8 NOT NULL,
    resource_count  bigint NOT NULL,
    native_labels   bigint NOT NULL,
    decided_labels  bigint NOT NULL,
    rule_labels     bigint NOT NULL,
    denied_labels   bigint NOT NULL,
    seed            bigint NOT NULL,
    -- Fingerprint of the vocabulary that it was trained with.
    vocabulary      text NOT NULL,
    -- Per key, as measured on labels that were hidden in turn.
    metrics         jsonb NOT NULL,
    -- Losses of this model and of the one in use then, on the same hidden labels; NULL for the first one.
    comparison      jsonb,
    byte_count      bigint NOT NULL
);
CREATE UNIQUE INDEX models_active ON models (status) WHERE status = 'ACTIVE';

-- Bytes of models, in parts that are read and written one by one.
CREATE TABLE model_parts (
    version bigint NOT NULL REFERENCES models (version) ON DELETE CASCADE,
    part    integer NOT NULL,
    bytes   bytea NOT NULL,
    PRIMARY KEY (version, part)
);

-- They are of all accounts: who is limited to some sees none of them.
ALTER TABLE models ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_parts ENABLE ROW LEVEL SECURITY;

ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check,
    ADD CONSTRAINT scheduler_jobs_job_name_check
        CHECK (job_name IN ('discover', 'auto_tag', 'import', 'maintain', 'decide', 'seal', 'train_model'));
ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_subject_type_check,
    ADD CONSTRAINT admin_changes_subject_type_check CHECK (subject_type IN ('RULE', 'SCHEDULE', 'API_TOKEN', 'MODEL'));
