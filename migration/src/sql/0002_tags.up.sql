-- Rules, virtual tags, and the audit trail of every change to a tag.

CREATE TABLE rules (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_name   text NOT NULL UNIQUE CHECK (length(rule_name) BETWEEN 1 AND 200),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 4000),
    condition   text NOT NULL CHECK (length(condition) BETWEEN 1 AND 4096),
    tag_key     text NOT NULL CHECK (length(tag_key) BETWEEN 1 AND 128),
    tag_value   text NOT NULL CHECK (length(tag_value) BETWEEN 1 AND 1024),
    priority    integer NOT NULL,
    confidence  double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    enabled     boolean NOT NULL DEFAULT true,
    -- Rises with every change, so that who edits an older version is told.
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    updated_by  text NOT NULL
);
CREATE INDEX rules_order ON rules (priority, id);

CREATE TABLE virtual_tags (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    resource_id        bigint NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
    tag_key            text NOT NULL CHECK (length(tag_key) BETWEEN 1 AND 128),
    tag_value          text NOT NULL CHECK (length(tag_value) BETWEEN 1 AND 1024),
    source             text NOT NULL CHECK (source IN
                           ('NATIVE', 'PATTERN', 'TYPE', 'RULE', 'MODEL', 'INHERITED', 'MANUAL', 'CSV')),
    confidence         double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    auto_applied       boolean NOT NULL,
    approval_status    text NOT NULL CHECK (approval_status IN ('PENDING', 'APPROVED', 'DENIED', 'SUPERSEDED')),
    -- The rule that spoke, also when it is gone since. No foreign key: removing a rule would have to write to each
    -- of its tags, which may be most of the table.
    rule_id            bigint,
    evidence           jsonb NOT NULL,
    -- What fired, in words that are the same on every resource: groups the queue, and a denied tag only comes
    -- back when it has changed.
    evidence_signature text NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    decided_by         text,
    decided_at         timestamptz,
    decision_reason    text,
    -- What a decision on another tag of the same key took from this one, so that undoing it can give it back.
    superseded_by      bigint REFERENCES virtual_tags (id) ON DELETE SET NULL,
    superseded_from    text CHECK (superseded_from IN ('PENDING', 'APPROVED')),
    -- Copies of the resource's columns, kept equal by a trigger: the queue is filtered and scoped by them, and
    -- an index cannot span two tables.
    cloud              text NOT NULL,
    account_id         text NOT NULL,
    resource_type      text NOT NULL,
    UNIQUE (resource_id, tag_key, tag_value)
);
-- At most one value of a key holds on a resource.
CREATE UNIQUE INDEX virtual_tags_approved ON virtual_tags (resource_id, tag_key) WHERE approval_status = 'APPROVED';
CREATE INDEX virtual_tags_superseded_by ON virtual_tags (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX virtual_tags_rule ON virtual_tags (rule_id) WHERE rule_id IS NOT NULL;
CREATE INDEX virtual_tags_status ON virtual_tags (approval_status, id);
CREATE INDEX virtual_tags_key ON virtual_tags (tag_key, id);
CREATE INDEX virtual_tags_account ON virtual_tags (account_id, id);
-- The approval queue, in its two orders, whole, for one kind, for one account and for one key. What an index
-- includes lets groups and figures be counted from it alone.
CREATE INDEX virtual_tags_queue_confidence ON virtual_tags (confidence, id) WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_kind ON virtual_tags (auto_applied, confidence, id) WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_age ON virtual_tags (created_at, id) WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_account ON virtual_tags (account_id, confidence, id) WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_key ON virtual_tags (tag_key, confidence, id) INCLUDE (auto_applied)
    WHERE approval_status = 'PENDING';
CREATE INDEX virtual_tags_queue_group ON virtual_tags (tag_key, tag_value, source, evidence_signature, id)
    INCLUDE (confidence, created_at) WHERE approval_status = 'PENDING';

CREATE FUNCTION virtual_tags_follow_resource() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE virtual_tags SET cloud = NEW.cloud, account_id = NEW.account_id, resource_type = NEW.resource_type
     WHERE resource_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER resources_copied_to_tags AFTER UPDATE OF cloud, account_id, resource_type ON resources
    FOR EACH ROW
    WHEN ((OLD.cloud, OLD.account_id, OLD.resource_type) IS DISTINCT FROM (NEW.cloud, NEW.account_id, NEW.resource_type))
    EXECUTE FUNCTION virtual_tags_follow_resource();

-- The audit trail: one row for each change to a tag, written in the transaction of the change. It carries no
-- foreign keys, for it outlives what it speaks of, and copies what names a resource for a human.
CREATE SEQUENCE tag_audit_id_seq AS bigint;
CREATE TABLE tag_audit (
    id              bigint NOT NULL DEFAULT nextval('tag_audit_id_seq'),
    -- Ids are drawn before transactions commit, so they do not follow commit order; (xid, id) read below the
    -- oldest running transaction does.
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "timestamp"     timestamptz NOT NULL DEFAULT now(),
    resource_id     bigint NOT NULL,
    resource_ref    text NOT NULL,
    cloud           text NOT NULL,
    account_id      text NOT NULL,
    resource_type   text NOT NULL,
    virtual_tag_id  bigint NOT NULL,
    action          text NOT NULL CHECK (action IN ('PROPOSED', 'REFRESHED', 'WITHDRAWN', 'APPROVED', 'DENIED',
                        'SUPERSEDED', 'RESTORED', 'UNDONE', 'CREATED', 'UPDATED', 'DELETED')),
    tag_key         text NOT NULL,
    old_value       text,
    new_value       text,
    old_status      text,
    new_status      text,
    source          text NOT NULL,
    confidence      double precision NOT NULL,
    auto_applied    boolean NOT NULL,
    actor           text NOT NULL,
    reason          text,
    run_id          bigint,
    PRIMARY KEY ("timestamp", id)
) PARTITION BY RANGE ("timestamp");
ALTER SEQUENCE tag_audit_id_seq OWNED BY tag_audit.id;
CREATE INDEX tag_audit_feed ON tag_audit (xid, id);
CREATE INDEX tag_audit_resource ON tag_audit (resource_id, "timestamp", id);
CREATE INDEX tag_audit_tag ON tag_audit (virtual_tag_id, "timestamp", id);
CREATE INDEX tag_audit_account ON tag_audit (account_id, "timestamp", id);
CREATE INDEX tag_audit_key ON tag_audit (tag_key, "timestamp", id);
CREATE INDEX tag_audit_actor ON tag_audit (actor, "timestamp", id);
-- Counts the last day's decisions among any number of proposals.
CREATE INDEX tag_audit_decisions ON tag_audit ("timestamp") WHERE action IN ('APPROVED', 'DENIED');

-- Makes the partitions from the present month to `ahead` months later; says how many were new. The trail must
-- always have a place to write to, so this runs at every start and daily.
CREATE FUNCTION tag_audit_make_partitions(ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    made integer := 0;
    partition text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('tag_audit_make_partitions'));
    FOR i IN 0..ahead LOOP
        partition := 'tag_audit_' || to_char(month, 'YYYY_MM');
        IF to_regclass(partition) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF tag_audit FOR VALUES FROM (%L) TO (%L)', partition,
                month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM PUBLIC, CURRENT_USER', partition);
            EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
                FOR EACH STATEMENT EXECUTE FUNCTION tag_audit_refuse_change()', partition);
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END $$;

-- The application's role owns these tables. Taking the privileges from it stops a slip; the triggers stop a
-- superuser's, too.
CREATE FUNCTION tag_audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'tag_audit is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tag_audit
    FOR EACH STATEMENT EXECUTE FUNCTION tag_audit_refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON tag_audit FROM PUBLIC, CURRENT_USER;
SELECT tag_audit_make_partitions(3);
