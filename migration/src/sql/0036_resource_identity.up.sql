-- Azure compares ids without regard to case, and its own sources differ in it: one resource has one key. Other ids are keys
-- as they are.
ALTER TABLE resources ADD COLUMN resource_key text COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN resource_id LIKE '/%' AND resource_id NOT LIKE '//%' THEN lower(resource_id COLLATE "C")
         ELSE resource_id COLLATE "C" END) STORED NOT NULL;

-- Of resources that are one, the oldest stays, with the tags of the others for keys of which it has none.
UPDATE virtual_tags t SET resource_id = s.kept
  FROM (SELECT id, min(id) OVER (PARTITION BY resource_key) AS kept FROM resources) s
 WHERE t.resource_id = s.id AND s.id <> s.kept
   AND NOT EXISTS (
       SELECT FROM virtual_tags o JOIN resources r ON r.id = o.resource_id
         JOIN resources k ON k.id = s.kept AND k.resource_key = r.resource_key
        WHERE o.tag_key = t.tag_key AND r.id < s.id);
DELETE FROM resources r USING resources k WHERE k.resource_key = r.resource_key AND k.id < r.id;

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
