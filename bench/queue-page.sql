-- The SQL equivalent of bench/queue-page.graphql.
SELECT t.id, t.tag_key, t.tag_value, t.source, t.confidence, t.auto_applied, t.approval_status, t.created_at,
       r.id, r.resource_id, r.name, r.cloud, r.account_id, r.resource_type, r.region
  FROM virtual_tags t JOIN resources r ON r.id = t.resource_id
 WHERE t.approval_status = 'PENDING'
 ORDER BY t.confidence DESC, t.id DESC
 LIMIT 51;
