DROP INDEX virtual_tags_contradictions, virtual_tags_contradictions_age;
ALTER TABLE evaluations DROP COLUMN stated, DROP COLUMN disputed, DROP COLUMN invalid;
