-- What a program must know to work with this database, a row for each migration that was applied: so a program that does
-- not know a migration, because it is older, learns whether it may go on.
CREATE TABLE schema_compatibility (
    migration text PRIMARY KEY,
    -- The migration that programs must know: the same one, where it changes what they rely on; an earlier one, where it
    -- only adds what they do not look at.
    requires  text NOT NULL
);
ALTER TABLE schema_compatibility ENABLE ROW LEVEL SECURITY;

-- What was applied before must be known.
INSERT INTO schema_compatibility (migration, requires) SELECT version, version FROM seaql_migrations;
