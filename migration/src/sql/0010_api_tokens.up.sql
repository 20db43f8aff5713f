-- Tokens of scripts. Of a secret only the hash is here, so that a backup lets nobody in. The rows are their own trail:
-- who made a token and who took it back stays for ever.
CREATE TABLE api_tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The part of the token that is no secret.
    public_id    text NOT NULL UNIQUE CHECK (public_id ~ '^[0-9a-f]{16}$'),
    secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    role         text NOT NULL CHECK (role IN ('viewer', 'approver', 'admin')),
    -- NULL: all accounts.
    accounts     text[] CHECK (cardinality(accounts) > 0 AND array_position(accounts, NULL) IS NULL),
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   text NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    revoked_by   text,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);

-- A token is used and taken back, once, and nothing else happens to it.
CREATE FUNCTION api_tokens_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.revoked_at IS NULL OR (NEW.revoked_at, NEW.revoked_by) = (OLD.revoked_at, OLD.revoked_by) THEN
            IF to_jsonb(NEW) - '{last_used_at,revoked_at,revoked_by}'::text[]
                = to_jsonb(OLD) - '{last_used_at,revoked_at,revoked_by}'::text[] THEN
                RETURN NEW;
            END IF;
        END IF;
    END IF;
    RAISE EXCEPTION 'api_tokens keeps what it says: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON api_tokens
    FOR EACH ROW EXECUTE FUNCTION api_tokens_refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON api_tokens
    FOR EACH STATEMENT EXECUTE FUNCTION api_tokens_refuse_change();
