-- The role of callers limited to accounts, its membership and its grants; run at each start, for no dump of the database
-- carries a role along, and one that was restored without it lacks the grants, too. Changes nothing where all is there.
-- $tables$ stands for the tables, as an array of text.
DO $do$
DECLARE
    must CONSTANT text := format('an administrator must run: CREATE ROLE virtual_tagging_reader NOLOGIN; '
        'GRANT virtual_tagging_reader TO %I; then start again', CURRENT_USER);
    -- From version 16 on, who made a role is a member of it without being able to become it.
    may_become CONSTANT text := CASE WHEN current_setting('server_version_num')::integer >= 160000
        THEN 'SET' ELSE 'MEMBER' END;
    name text;
BEGIN
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'virtual_tagging_reader') THEN
            CREATE ROLE virtual_tagging_reader NOLOGIN;
        END IF;
    EXCEPTION
        -- A role is of the whole server: another database may have made it a moment ago.
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('%I may not make the role virtual_tagging_reader: %s', CURRENT_USER, must);
    END;
    IF NOT pg_has_role(CURRENT_USER, 'virtual_tagging_reader', may_become) THEN
        BEGIN
            GRANT virtual_tagging_reader TO CURRENT_USER;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('%I may not become the role virtual_tagging_reader: %s', CURRENT_USER, must);
        END;
    END IF;
    FOREACH name IN ARRAY $tables$ LOOP
        -- A table may be of a later migration than those that were asked for.
        CONTINUE WHEN to_regclass(name) IS NULL OR has_table_privilege('virtual_tagging_reader', name, 'SELECT');
        EXECUTE format('GRANT SELECT ON %I TO virtual_tagging_reader', name);
        IF NOT has_table_privilege('virtual_tagging_reader', name, 'SELECT') THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('%I may not grant SELECT on %I to virtual_tagging_reader: an administrator must make it '
                    'the owner (ALTER TABLE %I OWNER TO %I); then start again', CURRENT_USER, name, name, CURRENT_USER);
        END IF;
    END LOOP;
END $do$;
