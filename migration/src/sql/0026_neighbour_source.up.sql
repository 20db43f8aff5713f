-- Values that tagged resources suggest for those that are like them have a source of their own.
ALTER TABLE virtual_tags DROP CONSTRAINT virtual_tags_source_check;
ALTER TABLE virtual_tags ADD CONSTRAINT virtual_tags_source_check CHECK (source IN
    ('NATIVE', 'PATTERN', 'TYPE', 'RULE', 'MODEL', 'INHERITED', 'NEIGHBOUR', 'MANUAL', 'CSV'));
