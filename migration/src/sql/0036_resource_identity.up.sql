-- Azure compares ids without regard to case, and its own sources differ in it: one resource has one key. Other ids are keys
-- as they are.
ALTER TABLE resources ADD COLUMN resource_key text COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN resource_id LIKE '/%' AND resource_id NOT LIKE '//%' THEN lower(resource_id COLLATE "C")
         ELSE resource_id COLLATE "C" END) STORED NOT NULL;

-- Of resources that are one, the oldest stays of those that are not retired, with the tags of the others for keys of which
-- it has none.
CREATE TEMPORARY TABLE same_resources ON COMMIT DROP AS
    SELECT id, rank, kept FROM (
        SELECT id, row_number() OVER same AS rank, first_value(id) OVER same AS kept,
               count(*) OVER (PARTITION BY resource_key) AS count
          FROM resources WINDOW same AS (PARTITION BY resource_key ORDER BY retired_at IS NOT NULL, id)) ranked
     WHERE count > 1;
UPDATE virtual_tags t SET resource_id = k.id, cloud = k.cloud, account_id = k.account_id, resource_type = k.resource_type
  FROM same_resources s JOIN resources k ON k.id = s.kept
 WHERE t.resource_id = s.id AND s.id <> s.kept
   AND NOT EXISTS (
       SELECT FROM same_resources better JOIN virtual_tags o ON o.resource_id = better.id
        WHERE better.kept = s.kept AND better.rank < s.rank AND o.tag_key = t.tag_key);
DELETE FROM resources r USING same_resources s WHERE r.id = s.id AND s.id <> s.kept;

-- Types of Azure have no case either: they are lower-case from now on, as filters take them.
UPDATE resources SET resource_type = lower(resource_type)
 WHERE cloud = 'azure' AND resource_type <> lower(resource_type);

ALTER TABLE resources DROP CONSTRAINT resources_resource_id_key;
ALTER TABLE resources ADD CONSTRAINT resources_resource_key_key UNIQUE (resource_key);

-- Files of tags deny, too.
ALTER TABLE import_tags DROP CONSTRAINT import_tags_status_check;
ALTER TABLE import_tags ADD CONSTRAINT import_tags_status_check CHECK (status IN ('PENDING', 'APPROVED', 'DENIED'));

-- Fields of which a row of a file says nothing: a resource that is there keeps what it has.
ALTER TABLE import_rows
    ADD COLUMN keeps_name boolean NOT NULL DEFAULT false,
    ADD COLUMN keeps_region boolean NOT NULL DEFAULT false,
    ADD COLUMN keeps_tags boolean NOT NULL DEFAULT false,
    ADD COLUMN cleared_tags jsonb NOT NULL DEFAULT '[]';
