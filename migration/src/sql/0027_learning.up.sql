-- Learning: what engines load beside their settings.

-- Generation of what an engine is made of: rules, vocabulary and model. It rises with each change of them; the revision rises only
-- when a change may affect every resource. An engine of an older generation evaluates nothing any more.
ALTER TABLE engine_state ADD COLUMN generation bigint NOT NULL DEFAULT 1;
