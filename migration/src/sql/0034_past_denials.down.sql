ALTER TABLE virtual_tags DROP COLUMN past_denial;
