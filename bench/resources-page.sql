-- The SQL equivalent of bench/resources-page.graphql, as one statement.
SELECT r.id, r.resource_id, r.name, r.cloud, r.account_id, r.resource_type, r.region,
       t.id, t.tag_key, t.tag_value, t.source, t.confidence, t.approval_status, t.created_at
  FROM (SELECT * FROM resources ORDER BY id LIMIT 51) r
  LEFT JOIN LATERAL (SELECT * FROM virtual_tags WHERE resource_id = r.id ORDER BY id LIMIT 11) t ON true
 ORDER BY r.id, t.id;
