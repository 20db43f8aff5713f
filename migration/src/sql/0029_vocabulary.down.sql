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
END $$;
SELECT rename_tag_key('cost-center', 'cost_center'), rename_tag_key('business-unit', 'business_unit');
DROP FUNCTION rename_tag_key(text, text);
UPDATE engine_state SET revision = revision + 1, updated_at = now();

DROP INDEX group_counts_impact;

-- Its trail of administration has no place in the older schema.
DROP TRIGGER kept ON admin_changes;
DELETE FROM admin_changes WHERE subject_type = 'VOCABULARY_KEY';
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON admin_changes
    FOR EACH ROW EXECUTE FUNCTION admin_changes_refuse_change();
ALTER TABLE admin_changes DROP CONSTRAINT admin_changes_subject_type_check,
    ADD CONSTRAINT admin_changes_subject_type_check CHECK (subject_type IN ('RULE', 'SCHEDULE', 'API_TOKEN', 'MODEL'));
DROP TABLE vocabulary_versions, vocabulary_keys;
