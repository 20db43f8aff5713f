-- Callers limited to accounts read through indexes that are led by the account alone: one that is led by another column has
-- the rows of all accounts, and the time that it takes would tell what is in them.

-- The queue with all that it can be filtered and grouped by, so that what is rare in an account is found, grouped and
-- counted without a visit to the table. Partial, so a decision writes nothing to it.
CREATE INDEX virtual_tags_queue_account_group ON virtual_tags
    (account_id, tag_key, tag_value, source, evidence_signature, confidence, id)
    INCLUDE (created_at, cloud, resource_type, auto_applied) WHERE approval_status = 'PENDING';
CREATE INDEX resources_account_created ON resources (account_id, created_at, id);
-- The trail of an account with all that it can be filtered by.
DROP INDEX tag_audit_account;
CREATE INDEX tag_audit_account ON tag_audit (account_id, "timestamp", id) INCLUDE (actor, tag_key, action);
