-- Statements of the resource's own tags, normalised by the vocabulary when the resource was evaluated: filters and coverage
-- resolve what holds without the vocabulary.
ALTER TABLE evaluations
    -- Canonical key to canonical value, less what people denied.
    ADD COLUMN stated jsonb NOT NULL DEFAULT '{}',
    -- Keys about which the resource's own tags contradict each other; NULL for none.
    ADD COLUMN disputed text[],
    -- Keys of which the resource has a tag, but none with a value that the key can have; NULL for none.
    ADD COLUMN invalid text[];

-- Pending suggestions against native tags, in the orders of the queue.
CREATE INDEX virtual_tags_contradictions ON virtual_tags (confidence, id)
    WHERE approval_status = 'PENDING' AND evidence_signature ^@ 'CONTRADICTS:';
CREATE INDEX virtual_tags_contradictions_age ON virtual_tags (created_at, id)
    WHERE approval_status = 'PENDING' AND evidence_signature ^@ 'CONTRADICTS:';
