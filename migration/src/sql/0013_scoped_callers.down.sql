DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['resources', 'virtual_tags', 'tag_audit', 'tag_counts', 'tag_count_deltas',
        'resource_counts', 'resource_count_deltas', 'decision_counts', 'decision_count_deltas', 'tagged_resources',
        'tagged_counts', 'decision_items'] LOOP
        EXECUTE format('ALTER POLICY scope ON %I USING (account_id = ANY (accounts_in_scope()))', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['evaluations', 'ml_inferences'] LOOP
        EXECUTE format('ALTER POLICY scope ON %1$I USING
            (EXISTS (SELECT FROM resources r WHERE r.id = %1$I.resource_id))', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['resources', 'virtual_tags', 'tag_audit', 'decision_items'] LOOP
        EXECUTE format('DROP TRIGGER scope_insert ON %I', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['resources', 'virtual_tags'] LOOP
        EXECUTE format('DROP TRIGGER scope_update ON %I', name);
        EXECUTE format('DROP TRIGGER scope_delete ON %I', name);
    END LOOP;
END $$;
DROP FUNCTION refuse_out_of_scope;
DROP POLICY scope ON tagged_unsure;
DROP POLICY scope ON api_tokens;
REVOKE SELECT ON scheduler_jobs, import_rejections, tagged_unsure, api_tokens FROM virtual_tagging_reader;
