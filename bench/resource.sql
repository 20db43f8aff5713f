-- The SQL equivalent of bench/resource.graphql, as one statement.
\set id random(1, 20000)
SELECT r.id, r.resource_id, r.name, r.cloud, r.account_id, r.resource_type, r.region,
       t.id, t.tag_key, t.tag_value, t.source, t.confidence, t.approval_status, t.created_at
  FROM resources r
  LEFT JOIN LATERAL (SELECT * FROM virtual_tags WHERE resource_id = r.id ORDER BY id LIMIT 11) t ON true
 WHERE r.id = :id
 ORDER BY t.id;
