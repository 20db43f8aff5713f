-- Seals over the audit trail, months that were taken out of it, and an index for one kind of change.

CREATE INDEX tag_audit_action ON tag_audit (action, "timestamp", id);

-- A chain of hashes for each partition. A seal covers the rows behind the last one, in the order (xid, id) up to
-- (last_xid, last_id): hash = sha256(hash before || sha256(row) || sha256(row) ...), and the hash before the first is
-- sha256(name of the partition). No row can be changed, taken away or put in between without breaking the chain.
CREATE TABLE tag_audit_seals (
    partition text NOT NULL,
    seq       integer NOT NULL,
    last_xid  xid8 NOT NULL,
    last_id   bigint NOT NULL,
    row_count bigint NOT NULL,
    hash      bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition, seq)
);
CREATE INDEX tag_audit_seals_last ON tag_audit_seals (last_xid, last_id);

CREATE FUNCTION tag_audit_seals_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'tag_audit_seals is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tag_audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION tag_audit_seals_refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON tag_audit_seals FROM PUBLIC, CURRENT_USER;

-- Partitions that were detached, so that one which was dropped afterwards is told from one that vanished.
CREATE TABLE tag_audit_detached (
    partition   text PRIMARY KEY,
    detached_at timestamptz NOT NULL DEFAULT now()
);
