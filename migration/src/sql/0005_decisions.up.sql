-- Bulk decisions: the tags that a run decides, fixed when they were selected, and what became of each.
CREATE TABLE decision_items (
    -- Of scheduler_jobs. A foreign key would be checked for each of a million rows; the trigger below does its work.
    run_id         bigint NOT NULL,
    -- From 1, in the order of resources: a run goes along it, and all tags of a resource stand together.
    position       bigint NOT NULL,
    -- As they were selected; without a resource there was no such tag for the one who asked.
    resource_id    bigint,
    virtual_tag_id bigint NOT NULL,
    account_id     text,
    -- The tag's updated_at: one that changed since is no longer what was seen.
    seen_at        timestamptz,
    -- Null until the run comes to it.
    outcome        text CHECK (outcome IN ('APPROVED', 'DENIED', 'UNDONE', 'ALREADY_DECIDED', 'NOT_FOUND', 'CONFLICT',
                       'STALE')),
    message        text,
    decided_at     timestamptz,
    PRIMARY KEY (run_id, position)
);
-- What was not done as asked is looked for among a million that were.
CREATE INDEX decision_items_outcome ON decision_items (run_id, outcome, position);

CREATE FUNCTION decision_items_follow_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM decision_items WHERE run_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER decision_items_go AFTER DELETE ON scheduler_jobs
    FOR EACH ROW WHEN (OLD.job_name = 'decide') EXECUTE FUNCTION decision_items_follow_run();
