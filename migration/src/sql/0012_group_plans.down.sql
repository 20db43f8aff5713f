DROP INDEX virtual_tags_queue_group;
CREATE INDEX virtual_tags_queue_group ON virtual_tags
    (tag_key, tag_value, source, evidence_signature, confidence, id)
    WHERE approval_status = 'PENDING';
