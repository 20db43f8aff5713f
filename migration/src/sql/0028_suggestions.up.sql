-- Suggestions: patterns of resources, and the tags that one decision would settle for all of them. An accepted one becomes
-- rules that approve: their tags are approved in the name of who accepted, for as long as the rules give them.
CREATE TABLE rule_suggestions (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Name of the pattern: as long as it is open, the same pattern keeps its row. What was decided stays.
    pattern_key     text NOT NULL,
    pattern         jsonb NOT NULL,
    condition       text NOT NULL CHECK (length(condition) BETWEEN 1 AND 4096),
    description     text NOT NULL,
    -- Accounts of all resources that match: who may not see all of them sees no suggestion.
    accounts        text[] NOT NULL,
    resource_count  bigint NOT NULL,
    cost            double precision,
    gain            double precision NOT NULL,
    tags            jsonb NOT NULL,
    tag_keys        text[] NOT NULL,
    -- Evidence of the suggestion: a dismissed one stays away until it is another.
    signature       text NOT NULL,
    samples         bigint[] NOT NULL,
    status          text NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'ACCEPTED', 'DISMISSED')),
    mined_at        timestamptz NOT NULL DEFAULT now(),
    decided_by      text,
    decided_at      timestamptz,
    decision_reason text,
    -- Decision on each key that was suggested.
    decided_keys    jsonb,
    CHECK ((status = 'OPEN') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX rule_suggestions_pattern ON rule_suggestions (pattern_key) WHERE status = 'OPEN';
CREATE INDEX rule_suggestions_open ON rule_suggestions (gain, id) WHERE status = 'OPEN';
ALTER TABLE rule_suggestions ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON rule_suggestions USING (accounts <@ accounts_in_scope() IS TRUE);
GRANT SELECT ON rule_suggestions TO virtual_tagging_reader;

CREATE FUNCTION refuse_suggestion_out_of_scope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT OLD.accounts <@ accounts_in_scope() THEN
        RAISE EXCEPTION '% of % refused: it is about accounts that are not in virtual_tagging.accounts',
            TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER scope BEFORE UPDATE OR DELETE ON rule_suggestions FOR EACH ROW
    WHEN (nullif(current_setting('virtual_tagging.accounts', true), '') IS NOT NULL)
    EXECUTE FUNCTION refuse_suggestion_out_of_scope();

-- One row: changes of tags, resources and decisions, and those of them that the suggestions were mined with.
CREATE TABLE suggestion_state (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    changes   bigint NOT NULL,
    mined     bigint NOT NULL
);
INSERT INTO suggestion_state (changes, mined) VALUES (1, 0);
ALTER TABLE suggestion_state ENABLE ROW LEVEL SECURITY;

ALTER TABLE rules
    ADD COLUMN approves        boolean NOT NULL DEFAULT false,
    ADD COLUMN suggestion_id   bigint REFERENCES rule_suggestions (id) ON DELETE SET NULL,
    ADD COLUMN accepted_by     text,
    ADD COLUMN accepted_at     timestamptz,
    ADD COLUMN accepted_reason text,
    ADD CONSTRAINT rules_accepted_check CHECK (approves = (accepted_by IS NOT NULL AND accepted_at IS NOT NULL));
CREATE INDEX rules_suggestion ON rules (suggestion_id) WHERE suggestion_id IS NOT NULL;

-- Among equal priorities, rules that approve come first.
DROP INDEX rules_order;
CREATE INDEX rules_order ON rules (priority, ((NOT approves)::int), id);

ALTER TABLE virtual_tags ADD COLUMN approved_by_rule boolean NOT NULL DEFAULT false;

-- One job more, whichever there are.
DO $$
DECLARE
    jobs CONSTANT text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                            WHERE conrelid = 'scheduler_jobs'::regclass AND conname = 'scheduler_jobs_job_name_check');
BEGIN
    ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
    EXECUTE 'ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check '
        || replace(jobs, 'ARRAY[', 'ARRAY[''mine_suggestions''::text, ');
END $$;
