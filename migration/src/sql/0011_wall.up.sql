-- The second wall. Rows of accounts are shown to the tables' owner, which is the service, and to others only as far as
-- the setting virtual_tagging.accounts goes (a text[] as PostgreSQL writes it); nothing by default. The role below is
-- for whoever reads with SQL: it may read, and change nothing.

CREATE FUNCTION accounts_in_scope() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('virtual_tagging.accounts', true), ''), '{}')::text[]
$$;

DO $$
DECLARE
    name text;
BEGIN
    -- Tables that say themselves of which account a row is.
    FOREACH name IN ARRAY ARRAY['resources', 'virtual_tags', 'tag_audit', 'tag_counts', 'tag_count_deltas',
        'resource_counts', 'resource_count_deltas', 'decision_counts', 'decision_count_deltas', 'tagged_resources',
        'tagged_counts', 'decision_items'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY scope ON %I USING (account_id = ANY (accounts_in_scope()))', name);
    END LOOP;
    -- Tables whose rows are of a resource, which has a policy of its own.
    FOREACH name IN ARRAY ARRAY['evaluations', 'ml_inferences'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY scope ON %I USING
            (EXISTS (SELECT FROM resources r WHERE r.id = %I.resource_id))', name, name);
    END LOOP;
    -- What speaks of several accounts at once, or of any: nobody but the owner reads it.
    FOREACH name IN ARRAY ARRAY['tag_totals', 'group_counts', 'group_count_deltas', 'resource_totals', 'tagged_unsure',
        'imports', 'import_parts', 'import_files', 'import_chunks', 'import_rows', 'import_tags', 'import_samples',
        'import_rejections', 'tag_audit_seals', 'tag_audit_detached', 'api_tokens'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;

-- Views are read as who asks, not as their owner.
ALTER VIEW tag_counts_now SET (security_invoker = true);
ALTER VIEW tag_totals_now SET (security_invoker = true);
ALTER VIEW group_counts_now SET (security_invoker = true);
ALTER VIEW resource_counts_now SET (security_invoker = true);
ALTER VIEW resource_totals_now SET (security_invoker = true);
ALTER VIEW decision_counts_now SET (security_invoker = true);

-- A role is of the whole server: another database may have made it, or make it now.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'virtual_tagging_reader') THEN
        CREATE ROLE virtual_tagging_reader NOLOGIN;
        GRANT virtual_tagging_reader TO CURRENT_USER;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL;
    WHEN insufficient_privilege THEN
        RAISE WARNING 'the role virtual_tagging_reader cannot be made by %: nobody but the owner reads the tables until '
            'an administrator makes it and grants it SELECT', CURRENT_USER;
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'virtual_tagging_reader') THEN
        GRANT SELECT ON resources, virtual_tags, tag_audit, evaluations, ml_inferences, decision_items, tag_counts,
            tag_count_deltas, resource_counts, resource_count_deltas, decision_counts, decision_count_deltas,
            tagged_resources, tagged_counts, tag_counts_now, resource_counts_now, decision_counts_now,
            rules, schedules, engine_state TO virtual_tagging_reader;
    END IF;
END $$;
