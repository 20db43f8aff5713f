-- Links to exports, for browsers: good for one request and a short time. Of a secret only the hash is here, so that a backup
-- gives no files away.
CREATE TABLE downloads (
    secret_hash     bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    -- The actor who made the link: its rights are those of the download.
    subject         text NOT NULL,
    role            text NOT NULL CHECK (role IN ('viewer', 'approver', 'admin')),
    -- NULL: all accounts.
    accounts        text[],
    -- NULL: without end.
    credentials_end timestamptz,
    request         jsonb NOT NULL,
    expires_at      timestamptz NOT NULL
);
CREATE INDEX downloads_expired ON downloads (expires_at);
ALTER TABLE downloads ENABLE ROW LEVEL SECURITY;
