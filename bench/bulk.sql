-- One plain statement that does what bench/bulk.py asks for: the same updates and the same audit rows.
WITH changed AS (
    UPDATE virtual_tags t SET approval_status = 'APPROVED', decided_by = 'bench', decided_at = now(),
           decision_reason = 'bench', updated_at = now()
     WHERE approval_status = 'PENDING' AND tag_key = 'environment' RETURNING t.*)
INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
       old_value, new_value, old_status, new_status, source, confidence, auto_applied, actor, reason)
SELECT c.resource_id, r.resource_id, c.cloud, c.account_id, c.resource_type, c.id, 'APPROVED', c.tag_key, c.tag_value,
       c.tag_value, 'PENDING', c.approval_status, c.source, c.confidence, c.auto_applied, 'bench', 'bench'
  FROM changed c JOIN resources r ON r.id = c.resource_id;
