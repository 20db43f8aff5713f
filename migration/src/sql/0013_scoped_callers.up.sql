-- The service itself reads as virtual_tagging_reader in the name of callers who are limited to accounts. So the role must
-- be there, and must get at all that such callers are shown.

DO $$
DECLARE
    must CONSTANT text := format('an administrator must run CREATE ROLE virtual_tagging_reader NOLOGIN; '
        'GRANT virtual_tagging_reader TO %I; and then the migrations are run again', CURRENT_USER);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'virtual_tagging_reader') THEN
        CREATE ROLE virtual_tagging_reader NOLOGIN;
    END IF;
    IF NOT pg_has_role(CURRENT_USER, 'virtual_tagging_reader', 'MEMBER') THEN
        GRANT virtual_tagging_reader TO CURRENT_USER;
    END IF;
EXCEPTION
    -- A role is of the whole server: another database may have made it a moment ago.
    WHEN duplicate_object OR unique_violation THEN
        GRANT virtual_tagging_reader TO CURRENT_USER;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%I cannot have the role virtual_tagging_reader: %s', CURRENT_USER, must);
END $$;

-- As in 0011_wall, for where the role is newer than that migration.
GRANT SELECT ON resources, virtual_tags, tag_audit, evaluations, ml_inferences, decision_items, tag_counts,
    tag_count_deltas, resource_counts, resource_count_deltas, decision_counts, decision_count_deltas,
    tagged_resources, tagged_counts, tag_counts_now, resource_counts_now, decision_counts_now,
    rules, schedules, engine_state TO virtual_tagging_reader;

-- Finders look for accounts themselves, by which the tables have indexes. The planner takes a second condition on the
-- accounts for one more that few rows meet, and would read and sort a caller's whole queue, and halve its totals. Of
-- an expression that is not null it expects nearly all rows, whatever the expression is. The subquery is there to be
-- evaluated once a statement rather than once a row.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['resources', 'virtual_tags', 'tag_audit', 'tag_counts', 'tag_count_deltas',
        'resource_counts', 'resource_count_deltas', 'decision_counts', 'decision_count_deltas', 'tagged_resources',
        'tagged_counts', 'decision_items'] LOOP
        EXECUTE format('ALTER POLICY scope ON %I USING
            ((CASE WHEN account_id = ANY ((SELECT accounts_in_scope())::text[]) THEN true END) IS NOT NULL)', name);
    END LOOP;
    -- Where all resources in scope are collected, an index finds them.
    FOREACH name IN ARRAY ARRAY['evaluations', 'ml_inferences'] LOOP
        EXECUTE format('ALTER POLICY scope ON %1$I USING ((CASE WHEN EXISTS (SELECT FROM resources r
            WHERE r.id = %1$I.resource_id AND r.account_id = ANY ((SELECT accounts_in_scope())::text[])) THEN true END)
            IS NOT NULL)', name);
    END LOOP;
END $$;

-- Runs belong to no account: everybody sees how far they are.
GRANT SELECT ON scheduler_jobs TO virtual_tagging_reader;

-- Refused lines may speak of any account: the role may ask, and is shown none.
GRANT SELECT ON import_rejections TO virtual_tagging_reader;

-- Keys of resources whose tags are to be looked at again, of all accounts together: nothing but numbers, of which those
-- of other accounts lead nowhere.
CREATE POLICY scope ON tagged_unsure USING (true);
GRANT SELECT ON tagged_unsure TO virtual_tagging_reader;

-- Tokens that reach no further than the accounts in scope.
CREATE POLICY scope ON api_tokens USING (accounts <@ accounts_in_scope());
GRANT SELECT ON api_tokens TO virtual_tagging_reader;

-- Changes in the name of such callers are made by the tables' owner, in transactions that say which accounts they are for:
-- then rows of others are refused. Without that setting nothing is looked at.
CREATE FUNCTION refuse_out_of_scope() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Once, not for each row.
    scope CONSTANT text[] := accounts_in_scope();
    stray text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT account_id INTO stray FROM old_rows WHERE account_id <> ALL (scope) LIMIT 1;
    END IF;
    IF TG_OP <> 'DELETE' AND stray IS NULL THEN
        SELECT account_id INTO stray FROM new_rows WHERE account_id <> ALL (scope) LIMIT 1;
    END IF;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION '% of % refused: a row is of account %, which is not in virtual_tagging.accounts',
            TG_OP, TG_TABLE_NAME, stray USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    name text;
    scoped CONSTANT text := 'FOR EACH STATEMENT WHEN (nullif(current_setting(''virtual_tagging.accounts'', true), '''') '
        'IS NOT NULL) EXECUTE FUNCTION refuse_out_of_scope()';
BEGIN
    FOREACH name IN ARRAY ARRAY['resources', 'virtual_tags', 'tag_audit', 'decision_items'] LOOP
        EXECUTE format('CREATE TRIGGER scope_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows %s', name, scoped);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['resources', 'virtual_tags'] LOOP
        EXECUTE format('CREATE TRIGGER scope_update AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows '
            'NEW TABLE AS new_rows %s', name, scoped);
        EXECUTE format('CREATE TRIGGER scope_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows %s', name, scoped);
    END LOOP;
END $$;
