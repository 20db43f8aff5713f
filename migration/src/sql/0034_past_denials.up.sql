-- Denial that is kept while the denied value is proposed again, because evidence for it is new.
ALTER TABLE virtual_tags ADD COLUMN past_denial jsonb;
