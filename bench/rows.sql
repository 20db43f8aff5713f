-- An inventory of :n resources, three virtual tags each, most of them waiting; a rule for some, an evaluation for each
-- resource and an audit row for each tag. Skewed as inventories are: of 1,000 accounts the first has a tenth of the
-- resources and the last a few hundredths of a percent, an account lies in one cloud, a few types and values are most
-- of all, and some have ten rows. What a source says has a confidence of its own.
INSERT INTO rules (rule_name, condition, tag_key, tag_value, priority, confidence, created_by, updated_by)
SELECT 'rule ' || g, 'resource.cloud == ''aws''', 'team', 'team-' || g, g, 0.9, 'bench', 'bench' FROM generate_series(1, 100) g;

CREATE FUNCTION pg_temp.chance(seed bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(seed, salt) & 1048575) / 1048576.0;
INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at, discovered_by)
SELECT 'arn:aws:ec2:eu-west-1:' || a.n || ':instance/' || g, 'prod-web-' || g, (ARRAY['aws', 'gcp', 'azure'])[a.n % 3 + 1],
       CASE WHEN g % (:n / 10) = 5 THEN 'account-tiny' ELSE 'account-' || a.n END,
       CASE WHEN g % (:n / 10) = 3 THEN 'type-rare'
            ELSE 'type-' || a.n % 3 || '-' || floor(60 * pg_temp.chance(g, 2) ^ 3)::int END,
       'region-' || g % 12, jsonb_build_object('Env', 'prd', 'Owner', 'team-' || g % 50),
       now() - (:n - g) * interval '1 minute', 'bench'
  FROM generate_series(1, :n) g
 CROSS JOIN LATERAL (SELECT floor(1000 * pg_temp.chance(g, 1) ^ 3)::int AS n) a;
INSERT INTO evaluations (resource_id, revision) SELECT id, 1 FROM resources ON CONFLICT DO NOTHING;
UPDATE resources SET retired_at = now() WHERE id % 200 = 0;

INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status, rule_id,
       evidence, evidence_signature, created_at, decided_by, decided_at, cloud, account_id, resource_type)
SELECT r.id, k.key, v.value, s.source, s.confidence, s.confidence >= 0.9, d.status,
       CASE WHEN s.source = 'RULE' THEN 1 + r.id % 100 END,
       jsonb_build_object('reason', 'the name holds a word', 'signals', '[]'::jsonb, 'alternatives', '[]'::jsonb),
       s.source || ':word-' || v.n % 400 || '-' || r.id % 7, now() - (:n - r.id) * interval '20 seconds',
       CASE WHEN d.status IN ('APPROVED', 'DENIED') THEN 'ann' END,
       CASE WHEN d.status IN ('APPROVED', 'DENIED') THEN now() END, r.cloud, r.account_id, r.resource_type
  FROM resources r CROSS JOIN (VALUES (1, 'environment', 8), (2, 'team', 400), (3, 'cost-center', 60)) k(n, key, values)
 CROSS JOIN LATERAL (SELECT floor(k.values * pg_temp.chance(r.id, 10 + k.n) ^ 2)::int AS n) w
 CROSS JOIN LATERAL (SELECT w.n, CASE WHEN r.id % (:n / 10) = 7 THEN 'value-rare' ELSE 'value-' || w.n END AS value) v
 CROSS JOIN LATERAL (SELECT pg_temp.chance(r.id, 20 + k.n) AS chance, pg_temp.chance(r.id, 30 + k.n) AS spread) c
 CROSS JOIN LATERAL (SELECT CASE WHEN c.chance < 0.3 THEN 'NATIVE' WHEN c.chance < 0.7 THEN 'PATTERN'
              WHEN c.chance < 0.9 OR r.cloud <> 'aws' THEN 'TYPE' ELSE 'RULE' END AS source,
            CASE WHEN c.chance < 0.3 THEN 0.98 WHEN c.chance < 0.7 THEN 0.70 + 0.27 * c.spread
              WHEN c.chance < 0.9 OR r.cloud <> 'aws' THEN 0.75 ELSE 0.9 END AS confidence) s
 CROSS JOIN LATERAL (SELECT CASE WHEN pg_temp.chance(r.id, 40 + k.n) < 0.65 THEN 'PENDING'
              WHEN pg_temp.chance(r.id, 40 + k.n) < 0.90 THEN 'APPROVED'
              WHEN pg_temp.chance(r.id, 40 + k.n) < 0.96 THEN 'DENIED' ELSE 'SUPERSEDED' END AS status) d;

INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
       new_value, new_status, source, confidence, auto_applied, actor)
SELECT t.resource_id, r.resource_id, t.cloud, t.account_id, t.resource_type, t.id, 'PROPOSED', t.tag_key, t.tag_value,
       'PENDING', t.source, t.confidence, t.auto_applied, 'system:auto_tag'
  FROM virtual_tags t JOIN resources r ON r.id = t.resource_id;
INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
       old_value, new_value, old_status, new_status, source, confidence, auto_applied, actor)
SELECT t.resource_id, r.resource_id, t.cloud, t.account_id, t.resource_type, t.id, t.approval_status, t.tag_key,
       t.tag_value, t.tag_value, 'PENDING', t.approval_status, t.source, t.confidence, t.auto_applied, 'ann'
  FROM virtual_tags t JOIN resources r ON r.id = t.resource_id WHERE t.approval_status IN ('APPROVED', 'DENIED');
INSERT INTO ml_inferences (resource_id, model_version, revision, predictions)
SELECT id, 'bench', 1, '[]' FROM resources;
VACUUM ANALYZE resources, virtual_tags, tag_audit, ml_inferences, evaluations, rules;
