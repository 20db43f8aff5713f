ALTER TABLE virtual_tags ALTER resource_type SET STATISTICS -1, ALTER tag_value SET STATISTICS -1,
    ALTER evidence_signature SET STATISTICS -1;
ALTER TABLE resources ALTER resource_type SET STATISTICS -1;
DROP STATISTICS virtual_tags_cloud_type, virtual_tags_status_type, resources_cloud_type;
DROP INDEX virtual_tags_rare, resources_rare, resources_retired, virtual_tags_queue_source,
    virtual_tags_queue_account_age, virtual_tags_queue_group_age, virtual_tags_queue_group, virtual_tags_queue_key,
    virtual_tags_rule;
CREATE INDEX virtual_tags_rule ON virtual_tags (rule_id) WHERE rule_id IS NOT NULL;
CREATE INDEX virtual_tags_status ON virtual_tags (approval_status, id);
CREATE INDEX virtual_tags_key ON virtual_tags (tag_key, id);
CREATE INDEX virtual_tags_queue_key ON virtual_tags (tag_key, confidence, id) INCLUDE (auto_applied)
    WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_group ON virtual_tags (tag_key, tag_value, source, evidence_signature, id)
    INCLUDE (confidence, created_at) WHERE approval_status = 'PENDING';
DROP TRIGGER counted_insert ON tag_audit;
DROP TRIGGER counted_insert ON resources;
DROP TRIGGER counted_update ON resources;
DROP TRIGGER counted_delete ON resources;
DROP TRIGGER counted_truncate ON resources;
DROP TRIGGER counted_insert ON virtual_tags;
DROP TRIGGER counted_update ON virtual_tags;
DROP TRIGGER counted_delete ON virtual_tags;
DROP TRIGGER counted_truncate ON virtual_tags;
DROP FUNCTION counters_check, counters_rebuild, counters_fold_tagged, counters_fold, resources_counted_truncate,
    virtual_tags_counted_truncate, tag_audit_counted, resources_counted, virtual_tags_counted;
DROP VIEW tag_totals_now, resource_totals_now, tag_counts_now, group_counts_now, resource_counts_now, decision_counts_now;
DROP TABLE tag_totals, resource_totals, tag_counts, tag_count_deltas, group_counts, group_count_deltas, resource_counts, resource_count_deltas,
    decision_counts, decision_count_deltas, tagged_resources, tagged_counts, tagged_unsure;
DROP FUNCTION confidence_band;
