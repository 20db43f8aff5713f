-- A resource that is reported in another account takes no decision along. In the account that it leaves, each of its
-- tags ends with an audit row of that account. In the account that it comes to, each tag is withdrawn, whatever was
-- decided of it, with an audit row of that account: nobody there has decided it. The evaluation that follows proposes
-- again what still speaks for a tag. A trigger does this, so that it holds for every statement that moves a resource.

DROP TRIGGER resources_copied_to_tags ON resources;
DROP FUNCTION virtual_tags_follow_resource;

CREATE FUNCTION virtual_tags_follow_resources() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Keys of resources.
    changed bigint[];
    moved   bigint[];
BEGIN
    SELECT array_agg(n.id) FILTER (WHERE n.account_id = o.account_id),
           array_agg(n.id) FILTER (WHERE n.account_id <> o.account_id)
      INTO changed, moved
      FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE (o.cloud, o.account_id, o.resource_type) IS DISTINCT FROM (n.cloud, n.account_id, n.resource_type);
    IF changed IS NOT NULL THEN
        UPDATE virtual_tags t SET cloud = r.cloud, resource_type = r.resource_type
          FROM resources r WHERE t.resource_id = ANY (changed) AND r.id = t.resource_id;
    END IF;
    IF moved IS NULL THEN
        RETURN NULL;
    END IF;
    -- Tags have the columns of the account that they leave still.
    INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
        old_value, old_status, source, confidence, auto_applied, actor, reason)
    SELECT t.resource_id, r.resource_id, t.cloud, t.account_id, t.resource_type, t.id, 'DELETED', t.tag_key,
           t.tag_value, t.approval_status, t.source, t.confidence, t.auto_applied, 'system:inventory',
           'the resource is reported in another account now'
      FROM virtual_tags t JOIN resources r ON r.id = t.resource_id
     WHERE t.resource_id = ANY (moved) ORDER BY t.id;
    WITH before AS (
        SELECT id, approval_status FROM virtual_tags WHERE resource_id = ANY (moved)),
    withdrawn AS (
        UPDATE virtual_tags t SET cloud = r.cloud, account_id = r.account_id, resource_type = r.resource_type,
               approval_status = 'SUPERSEDED', superseded_by = NULL, superseded_from = NULL, decided_by = NULL,
               decided_at = NULL, decision_reason = NULL, updated_at = now()
          FROM resources r WHERE t.resource_id = ANY (moved) AND r.id = t.resource_id
        RETURNING t.*, r.resource_id AS resource_ref)
    INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
        new_value, new_status, source, confidence, auto_applied, actor, reason)
    SELECT t.resource_id, t.resource_ref, t.cloud, t.account_id, t.resource_type, t.id, 'WITHDRAWN', t.tag_key,
           t.tag_value, t.approval_status, t.source, t.confidence, t.auto_applied, 'system:inventory',
           'the resource was reported in another account before, where this tag was ' || lower(b.approval_status)
               || '; what was decided there does not hold here'
      FROM withdrawn t JOIN before b USING (id) ORDER BY t.id;
    RETURN NULL;
END $$;
CREATE TRIGGER copied_to_tags AFTER UPDATE ON resources REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_follow_resources();
