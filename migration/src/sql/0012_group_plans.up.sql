-- The groups of the queue, with what it can be filtered by: the groups of one account or cloud are counted from the index
-- alone, not from a row of the table for each tag in it. Partial, so a decision writes nothing to it.
DROP INDEX virtual_tags_queue_group;
CREATE INDEX virtual_tags_queue_group ON virtual_tags
    (tag_key, tag_value, source, evidence_signature, confidence, id)
    INCLUDE (created_at, account_id, cloud, resource_type, auto_applied) WHERE approval_status = 'PENDING';
