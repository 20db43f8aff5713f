ALTER TABLE engine_state DROP COLUMN generation;
