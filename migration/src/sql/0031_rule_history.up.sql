-- Rules that correct native tags, rules that hold for a time, and the history of all of them.

ALTER TABLE rules
    -- Its value overrides what the resource's own tags state.
    ADD COLUMN corrects       boolean NOT NULL DEFAULT false,
    ADD COLUMN effective_from timestamptz,
    ADD COLUMN effective_to   timestamptz,
    -- The time is between the two, as far as it was looked at: engines go by this column alone. Who switches it makes the
    -- resources due that the rule matches.
    ADD COLUMN in_effect      boolean NOT NULL DEFAULT true,
    ADD CONSTRAINT rules_effective CHECK (effective_from < effective_to);
-- Few rules have an end or a beginning.
CREATE INDEX rules_effective ON rules (effective_from, effective_to)
    WHERE effective_from IS NOT NULL OR effective_to IS NOT NULL;

-- Each version of each rule, those of deleted rules among them.
CREATE TABLE rule_versions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id    bigint NOT NULL,
    version    integer NOT NULL,
    -- The columns of the rule that people set.
    definition jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    UNIQUE (rule_id, version)
);

-- Whoever writes rules: a version is stored with it, in the same transaction.
CREATE FUNCTION rules_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rule_versions (rule_id, version, definition, changed_at, changed_by)
    VALUES (NEW.id, NEW.version, to_jsonb(NEW)
                - ARRAY['id', 'version', 'in_effect', 'created_at', 'created_by', 'updated_at', 'updated_by'],
            NEW.updated_at, NEW.updated_by);
    RETURN NULL;
END $$;
CREATE TRIGGER version_made AFTER INSERT ON rules FOR EACH ROW EXECUTE FUNCTION rules_keep_version();
CREATE TRIGGER version_changed AFTER UPDATE ON rules FOR EACH ROW
    WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION rules_keep_version();

INSERT INTO rule_versions (rule_id, version, definition, changed_at, changed_by)
SELECT id, version, to_jsonb(rules)
           - ARRAY['id', 'version', 'in_effect', 'created_at', 'created_by', 'updated_at', 'updated_by'],
       updated_at, updated_by
  FROM rules;

-- Rules are for all accounts, and so are their versions.
GRANT SELECT ON rule_versions TO virtual_tagging_reader;
