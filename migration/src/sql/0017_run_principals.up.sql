-- In whose name a run works, and with which rights: those of whoever asked for it, or tried it again last. Runs of the
-- service itself have no row.

CREATE TABLE run_principals (
    run_id     bigint PRIMARY KEY REFERENCES scheduler_jobs (id) ON DELETE CASCADE,
    subject    text NOT NULL,
    -- NULL: all accounts.
    accounts   text[],
    -- The public id of the API token, which must hold whenever a chunk of work is committed.
    api_token  text,
    -- When work ends for credentials that cannot be looked up again.
    expires_at timestamptz
);
-- It speaks of any accounts: nobody but the owner reads it.
ALTER TABLE run_principals ENABLE ROW LEVEL SECURITY;

-- Accounts of earlier runs are not known; what their decisions are about was selected within them.
INSERT INTO run_principals (run_id, subject, api_token)
SELECT id, requested_by, substring(requested_by FROM '^token:([0-9a-f]{16}):') FROM scheduler_jobs
 WHERE requested_by NOT LIKE 'system:%';

-- What a run leaves undecided because its account is none of the principal's. Not validated: the rows there are meet the
-- narrower condition, and may be a million.
ALTER TABLE decision_items DROP CONSTRAINT decision_items_outcome_check;
ALTER TABLE decision_items ADD CONSTRAINT decision_items_outcome_check
    CHECK (outcome IN ('APPROVED', 'DENIED', 'UNDONE', 'ALREADY_DECIDED', 'NOT_FOUND', 'CONFLICT', 'STALE', 'FORBIDDEN'))
    NOT VALID;
