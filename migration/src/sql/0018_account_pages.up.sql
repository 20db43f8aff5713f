-- Callers limited to accounts read through indexes that are led by the account alone: one that is led by another column has
-- the rows of all accounts, and the time that it takes would tell what is in them. What lists can be filtered by is in
-- these indexes, too, so that what is rare in an account, or not there at all, is found out without a visit to the table.

-- The queue by groups. Partial, so a decision writes nothing to it.
CREATE INDEX virtual_tags_queue_account_group ON virtual_tags
    (account_id, tag_key, tag_value, source, evidence_signature, confidence, id)
    INCLUDE (created_at, cloud, resource_type, auto_applied) WHERE approval_status = 'PENDING';
DROP INDEX virtual_tags_account;
CREATE INDEX virtual_tags_account ON virtual_tags (account_id, id)
    INCLUDE (approval_status, tag_key, tag_value, source, evidence_signature, confidence, created_at, cloud, resource_type,
        auto_applied, rule_id);
DROP INDEX resources_account;
CREATE INDEX resources_account ON resources (account_id, id) INCLUDE (cloud, resource_type, region, retired_at, created_at);
CREATE INDEX resources_account_created ON resources (account_id, created_at, id);
DROP INDEX tag_audit_account;
CREATE INDEX tag_audit_account ON tag_audit (account_id, "timestamp", id) INCLUDE (actor, tag_key, action);
