-- An inventory of :n resources, three virtual tags each, two thirds of them waiting; a rule for some, an evaluation
-- for each resource and an audit row for each tag.
INSERT INTO rules (rule_name, condition, tag_key, tag_value, priority, confidence, created_by, updated_by)
SELECT 'rule ' || g, 'resource.cloud == ''aws''', 'team', 'team-' || g, g, 0.9, 'bench', 'bench' FROM generate_series(1, 100) g;
INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at, discovered_by)
SELECT 'arn:aws:ec2:eu-west-1:' || g % 200 || ':instance/' || g, 'prod-web-' || g, (ARRAY['aws', 'gcp', 'azure'])[g % 3 + 1],
       'account-' || g % 200, 'type-' || g % 60, 'region-' || g % 12,
       jsonb_build_object('Env', 'prd', 'Owner', 'team-' || g % 50), now() - g * interval '1 minute', 'bench'
  FROM generate_series(1, :n) g;
INSERT INTO evaluations (resource_id, revision) SELECT id, 1 FROM resources ON CONFLICT DO NOTHING;
INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status, rule_id,
       evidence, evidence_signature, created_at, cloud, account_id, resource_type)
SELECT r.id, k.key, 'value-' || r.id % 40, CASE WHEN r.id % 5 = 0 THEN 'RULE' ELSE 'PATTERN' END, c.confidence,
       c.confidence >= 0.9, CASE WHEN (r.id + k.n) % 3 = 0 THEN 'APPROVED' ELSE 'PENDING' END,
       CASE WHEN r.id % 5 = 0 THEN 1 + r.id % 100 END,
       jsonb_build_object('reason', 'the name holds a word', 'signals', '[]'::jsonb, 'alternatives', '[]'::jsonb),
       'PATTERN:word-' || r.id % 40, now() - (r.id * 7919 % 1000000) * interval '1 second', r.cloud, r.account_id,
       r.resource_type
  FROM resources r CROSS JOIN (VALUES (1, 'environment'), (2, 'team'), (3, 'cost_center')) k(n, key)
 CROSS JOIN LATERAL (SELECT 0.7 + (r.id * 31 * k.n % 2900) / 10000.0 AS confidence) c;
INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
       new_value, new_status, source, confidence, auto_applied, actor)
SELECT t.resource_id, r.resource_id, t.cloud, t.account_id, t.resource_type, t.id, 'PROPOSED', t.tag_key, t.tag_value,
       'PENDING', t.source, t.confidence, t.auto_applied, 'system:auto_tag'
  FROM virtual_tags t JOIN resources r ON r.id = t.resource_id;
INSERT INTO ml_inferences (resource_id, model_version, revision, predictions)
SELECT id, 'bench', 1, '[]' FROM resources;
VACUUM ANALYZE resources, virtual_tags, tag_audit, ml_inferences, evaluations, rules;
