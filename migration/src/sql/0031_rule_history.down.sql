DROP TRIGGER version_changed ON rules;
DROP TRIGGER version_made ON rules;
DROP FUNCTION rules_keep_version;
DROP TABLE rule_versions;
DROP INDEX rules_effective;
ALTER TABLE rules DROP CONSTRAINT rules_effective, DROP COLUMN in_effect, DROP COLUMN effective_to,
    DROP COLUMN effective_from, DROP COLUMN corrects;
