DO $$
DECLARE
    of_table record;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'virtual_tagging_reader') THEN
        REVOKE SELECT ON resources, virtual_tags, tag_audit, evaluations, ml_inferences, decision_items, tag_counts,
            tag_count_deltas, resource_counts, resource_count_deltas, decision_counts, decision_count_deltas,
            tagged_resources, tagged_counts, tag_counts_now, resource_counts_now, decision_counts_now,
            rules, schedules, engine_state FROM virtual_tagging_reader;
    END IF;
    FOR of_table IN SELECT c.oid::regclass AS name, p.polname
        FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
        WHERE c.relrowsecurity AND c.relnamespace = current_schema()::regnamespace LOOP
        IF of_table.polname IS NOT NULL THEN
            EXECUTE format('DROP POLICY %I ON %s', of_table.polname, of_table.name);
        END IF;
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', of_table.name);
    END LOOP;
END $$;
ALTER VIEW tag_counts_now RESET (security_invoker);
ALTER VIEW tag_totals_now RESET (security_invoker);
ALTER VIEW group_counts_now RESET (security_invoker);
ALTER VIEW resource_counts_now RESET (security_invoker);
ALTER VIEW resource_totals_now RESET (security_invoker);
ALTER VIEW decision_counts_now RESET (security_invoker);
DROP FUNCTION accounts_in_scope;
