-- An inventory for measurements: :resources resources with three tags each, two in three of them pending.
-- Deterministic, so that two runs measure the same thing.
SET synchronous_commit = off;
INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at, discovered_by)
SELECT 'arn:aws:ec2:eu-west-1:' || 100000000000 + n % 200 || ':instance/i-' || lpad(to_hex(n), 17, '0'),
       (ARRAY['orders','billing','search','ledger','gateway'])[n % 5 + 1] || '-' ||
           (ARRAY['prod','staging','dev','test'])[n % 4 + 1] || '-' || n,
       (ARRAY['aws','gcp','azure'])[n % 3 + 1], (100000000000 + n % 200)::text,
       (ARRAY['ec2/instance','rds/db','sqs/queue','s3/bucket','lambda/function'])[n % 5 + 1],
       (ARRAY['eu-west-1','us-east-1'])[n % 2 + 1],
       jsonb_build_object('Name', 'n' || n, 'costcode', 'c' || n % 50), now() - n * interval '1 minute', 'bench'
  FROM generate_series(1, :resources) AS n;
INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status,
    evidence, evidence_signature, cloud, account_id, resource_type, created_at, decided_by, decided_at)
SELECT r.id, k.key, k.key || '-' || r.id % 20, (ARRAY['PATTERN','NATIVE','RULE','TYPE'])[r.id % 4 + 1], c.confidence,
       c.confidence >= 0.9, s.status,
       jsonb_build_object('reason', 'the name says so', 'signals', '[]'::jsonb, 'alternatives', '[]'::jsonb),
       'PATTERN:' || k.key || r.id % 20, r.cloud, r.account_id, r.resource_type, r.created_at,
       CASE WHEN s.status <> 'PENDING' THEN 'bench' END, CASE WHEN s.status <> 'PENDING' THEN now() END
  FROM resources r
  CROSS JOIN (VALUES ('environment', 1), ('owner', 2), ('service_category', 3)) AS k(key, place)
  CROSS JOIN LATERAL (SELECT 0.70 + ((r.id * 7919 + k.place * 104729) % 3000) / 10000.0 AS confidence) c
  CROSS JOIN LATERAL (SELECT CASE (r.id + k.place) % 6 WHEN 0 THEN 'APPROVED' WHEN 1 THEN 'DENIED'
                                  ELSE 'PENDING' END AS status) s
 WHERE r.discovered_by = 'bench';
VACUUM ANALYZE resources;
VACUUM ANALYZE virtual_tags;
