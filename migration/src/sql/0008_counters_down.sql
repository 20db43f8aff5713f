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
DROP VIEW tag_counts_now, group_counts_now, resource_counts_now, decision_counts_now;
DROP TABLE tag_counts, tag_count_deltas, group_counts, group_count_deltas, resource_counts, resource_count_deltas,
    decision_counts, decision_count_deltas, tagged_resources, tagged_counts, tagged_unsure;
DROP FUNCTION confidence_band;
