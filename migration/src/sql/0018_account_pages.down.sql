DROP INDEX virtual_tags_queue_account_group, virtual_tags_account, resources_account,
    resources_account_created, tag_audit_account;
CREATE INDEX virtual_tags_account ON virtual_tags (account_id, id);
CREATE INDEX resources_account ON resources (account_id, id);
CREATE INDEX tag_audit_account ON tag_audit (account_id, "timestamp", id);
