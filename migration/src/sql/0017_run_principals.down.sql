DROP TABLE run_principals;
UPDATE decision_items SET outcome = 'NOT_FOUND' WHERE outcome = 'FORBIDDEN';
ALTER TABLE decision_items DROP CONSTRAINT decision_items_outcome_check;
ALTER TABLE decision_items ADD CONSTRAINT decision_items_outcome_check
    CHECK (outcome IN ('APPROVED', 'DENIED', 'UNDONE', 'ALREADY_DECIDED', 'NOT_FOUND', 'CONFLICT', 'STALE'));
