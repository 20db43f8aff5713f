DROP TRIGGER resources_copied_to_tags ON resources;
DROP TABLE tag_audit, virtual_tags, rules;
DROP FUNCTION virtual_tags_follow_resource, tag_audit_make_partitions, tag_audit_refuse_change;
