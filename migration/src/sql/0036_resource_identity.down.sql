DELETE FROM import_tags WHERE status = 'DENIED';
ALTER TABLE import_tags DROP CONSTRAINT import_tags_status_check;
ALTER TABLE import_tags ADD CONSTRAINT import_tags_status_check CHECK (status IN ('PENDING', 'APPROVED'));
ALTER TABLE import_rows DROP COLUMN keeps_name, DROP COLUMN keeps_region, DROP COLUMN keeps_tags, DROP COLUMN cleared_tags;
ALTER TABLE resources DROP CONSTRAINT resources_resource_key_key;
ALTER TABLE resources ADD CONSTRAINT resources_resource_id_key UNIQUE (resource_id);
ALTER TABLE resources DROP COLUMN resource_key;
