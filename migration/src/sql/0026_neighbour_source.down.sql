-- Programs of before know no neighbours: for them, the nearest source is what surrounds a resource.
UPDATE virtual_tags SET source = 'INHERITED' WHERE source = 'NEIGHBOUR';
ALTER TABLE virtual_tags DROP CONSTRAINT virtual_tags_source_check;
ALTER TABLE virtual_tags ADD CONSTRAINT virtual_tags_source_check CHECK (source IN
    ('NATIVE', 'PATTERN', 'TYPE', 'RULE', 'MODEL', 'INHERITED', 'MANUAL', 'CSV'));
