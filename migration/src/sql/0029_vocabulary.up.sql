-- The vocabulary can be edited: what the customer changed over the file that ships with the product.

-- One row for each key that is changed or added. `definition` has the fields that differ from the shipped key, by their
-- names in the file; of a key that is not shipped it has all.
CREATE TABLE vocabulary_keys (
    name       text PRIMARY KEY CHECK (name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(name) <= 128),
    definition jsonb NOT NULL CHECK (jsonb_typeof(definition) = 'object'),
    -- Rises with every change, so that who edits an older version is told.
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text NOT NULL
);

-- One row for each change: all definitions as they were after it.
CREATE TABLE vocabulary_versions (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL,
    keys       jsonb NOT NULL CHECK (jsonb_typeof(keys) = 'object')
);

-- They concern all accounts, and everybody may read them: the vocabulary names no resource.
ALTER TABLE vocabulary_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON vocabulary_keys USING (true);
ALTER TABLE vocabulary_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON vocabulary_versions USING (true);
GRANT SELECT ON vocabulary_keys, vocabulary_versions TO virtual_tagging_reader;

ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_subject_type_check,
    ADD CONSTRAINT admin_changes_subject_type_check CHECK (subject_type IN ('RULE', 'SCHEDULE', 'API_TOKEN', 'MODEL', 'VOCABULARY_KEY'));

-- Renames a key of stored tags. Where a resource has the value under the new key already, or an approved one, the
-- tag of the old name gives way. The trail is history: it keeps the name under which things were done.
CREATE FUNCTION rename_tag_key(old_key text, new_key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Decisions stay, under whichever name they were made.
    DELETE FROM virtual_tags n USING virtual_tags o
     WHERE n.tag_key = new_key AND o.resource_id = n.resource_id AND o.tag_key = old_key AND o.tag_value = n.tag_value
       AND o.approval_status IN ('APPROVED', 'DENIED') AND n.approval_status NOT IN ('APPROVED', 'DENIED');
    DELETE FROM virtual_tags o USING virtual_tags n
     WHERE o.tag_key = old_key AND n.resource_id = o.resource_id AND n.tag_key = new_key AND n.tag_value = o.tag_value;
    UPDATE virtual_tags o SET approval_status = 'SUPERSEDED', superseded_by = n.id, superseded_from = 'APPROVED',
           updated_at = now()
      FROM virtual_tags n
     WHERE o.tag_key = old_key AND o.approval_status = 'APPROVED'
       AND n.resource_id = o.resource_id AND n.tag_key = new_key AND n.approval_status = 'APPROVED';
    UPDATE virtual_tags SET tag_key = new_key WHERE tag_key = old_key;
    UPDATE rules SET tag_key = new_key WHERE tag_key = old_key;
    -- As conditions name effective tags; the resource's own tags keep their spelling.
    UPDATE rules SET condition = regexp_replace(regexp_replace(condition,
            '(resource\.tags\s*\[\s*[''"])' || old_key || '(?=[''"])', '\1' || new_key, 'g'),
            '([''"])' || old_key || '(?=[''"]\s+in\s+resource\.tags\M)', '\1' || new_key, 'g')
     WHERE strpos(condition, old_key) > 0;
    UPDATE rules SET condition = changed.condition
      FROM (SELECT id, regexp_replace(regexp_replace(condition,
                   'has\(\s*resource\.tags\.' || old_key || '\s*\)', '(''' || new_key || ''' in resource.tags)', 'g'),
                   'resource\.tags\.' || old_key || '\M', 'resource.tags[''' || new_key || ''']', 'g') AS condition
              FROM rules) changed
     WHERE changed.id = rules.id AND changed.condition <> rules.condition AND length(changed.condition) <= 4096;
END $$;
SELECT rename_tag_key('cost_center', 'cost-center'), rename_tag_key('business_unit', 'business-unit');
DROP FUNCTION rename_tag_key(text, text);

-- The groups of the queue that settle the most come first.
CREATE INDEX group_counts_impact ON group_counts ((-count), tag_key, tag_value, source, evidence_signature)
    WHERE count > 0;

-- Keys that rules see are spelled otherwise, and the category of a type is no tag any more: everything is evaluated again.
UPDATE engine_state SET revision = revision + 1, updated_at = now();
