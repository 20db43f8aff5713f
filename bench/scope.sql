-- Makes values that only tags and resources of accounts other than :accounts have: `many` of them, or `one`.
CREATE TEMP TABLE foreign_tags AS
    SELECT id, row_number() OVER (ORDER BY id) AS n FROM virtual_tags WHERE NOT account_id = ANY (:'accounts'::text[]);
ANALYZE foreign_tags;
CREATE FUNCTION pg_temp.kind(n bigint) RETURNS text LANGUAGE sql IMMUTABLE RETURN CASE WHEN n <= 70 THEN 'one' ELSE 'many' END;
UPDATE virtual_tags t SET
       tag_value = CASE WHEN f.n % 7 = 0 THEN 'secret-' || pg_temp.kind(f.n) ELSE tag_value END,
       tag_key = CASE WHEN f.n % 7 = 1 THEN 'secret-' || pg_temp.kind(f.n) ELSE tag_key END,
       evidence_signature = CASE WHEN f.n % 7 = 2 THEN 'secret-' || pg_temp.kind(f.n) ELSE evidence_signature END,
       source = CASE WHEN f.n % 7 <> 3 THEN source WHEN f.n <= 70 THEN 'INHERITED' ELSE 'CSV' END,
       confidence = CASE WHEN f.n % 7 <> 4 THEN confidence WHEN f.n <= 70 THEN 0.05 ELSE 0.1 END,
       created_at = CASE WHEN f.n % 7 <> 5 THEN created_at WHEN f.n <= 70 THEN '2300-01-01' ELSE '2200-01-01' END,
       rule_id = CASE WHEN f.n % 7 <> 6 THEN rule_id WHEN f.n <= 70 THEN 1001 ELSE 1002 END
  FROM foreign_tags f WHERE f.id = t.id;
UPDATE resources SET
       resource_type = CASE WHEN id % 4 = 1 THEN CASE WHEN id < 50 THEN 'secret-one' ELSE 'secret-many' END ELSE resource_type END,
       region = CASE WHEN id % 4 = 2 THEN CASE WHEN id < 50 THEN 'secret-one' ELSE 'secret-many' END ELSE region END,
       name = CASE WHEN id % 4 = 3 THEN CASE WHEN id < 50 THEN 'secret-one' ELSE 'secret-many' END || id ELSE name END
 WHERE NOT account_id = ANY (:'accounts'::text[]);
INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
       new_value, new_status, source, confidence, auto_applied, actor)
SELECT t.resource_id, 'r', t.cloud, t.account_id, t.resource_type, t.id,
       CASE WHEN f.n <= 70 THEN 'RESTORED' ELSE 'WITHDRAWN' END, 'secret-' || pg_temp.kind(f.n), t.tag_value, 'PENDING',
       t.source, t.confidence, t.auto_applied, 'secret-' || pg_temp.kind(f.n)
  FROM virtual_tags t JOIN foreign_tags f USING (id) WHERE f.n % 3 = 0;
