-- An inventory of :n resources as they are discovered, before anything is inferred: some thousand applications of some
-- hundred teams in accounts of their own, of which one resource in five carries the tags that the others lack. Names hold
-- the application and mostly the environment.
CREATE FUNCTION pg_temp.draw(seed bigint, salt bigint, below int) RETURNS int LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(seed, salt) & 1048575) % below;
INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at, discovered_by)
SELECT format('arn:aws:%s:eu-west-1:%s:%s/%s', split_part(r.type, '/', 1), r.account, split_part(r.type, '/', 2), r.name),
       r.name, 'aws', r.account, r.type, 'eu-west-' || g % 3,
       CASE WHEN r.tagged THEN jsonb_build_object('Environment', r.environment, 'Application', r.application,
                'Team', r.team, 'Owner', r.team || '@example.org', 'Business-Unit', 'unit-' || r.of_team % 7)
            WHEN g % 3 = 0 THEN jsonb_build_object('terraform', 'true', 'repository', r.application)
            ELSE '{}' END,
       now() - (:n - g) * interval '1 minute', 'bench'
  FROM generate_series(1, :n) g
 CROSS JOIN LATERAL (SELECT pg_temp.draw(g, 1, greatest(:n / 300, 20)) AS of_application) a
 CROSS JOIN LATERAL (
    SELECT a.of_application / 7 AS of_team, 'team-' || a.of_application / 7 AS team, 'app' || a.of_application AS application,
           lpad((a.of_application / 20 * 5 + pg_temp.draw(g, 2, 5))::text, 12, '1') AS account,
           (ARRAY['production', 'development', 'staging', 'test'])[1 + pg_temp.draw(g, 2, 5) % 4] AS environment,
           (ARRAY['rds/db', 'ec2/instance', 's3/bucket', 'lambda/function', 'iam/role', 'sqs/queue'])[1 + pg_temp.draw(g, 3, 6)] AS type,
           pg_temp.draw(g, 4, 5) = 0 AS tagged) o
 CROSS JOIN LATERAL (
    SELECT o.*, format('%s-%s%s-%s', o.application,
               CASE WHEN pg_temp.draw(g, 5, 3) > 0 THEN (ARRAY['prod', 'dev', 'stg', 'test'])[1 + pg_temp.draw(g, 2, 5) % 4] || '-' ELSE '' END,
               (ARRAY['api', 'db', 'worker', 'cache'])[1 + pg_temp.draw(g, 6, 4)], to_hex(g)) AS name) r;
INSERT INTO evaluations (resource_id) SELECT id FROM resources ON CONFLICT DO NOTHING;
