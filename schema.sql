-- Structure of the database after all migrations; partitions of tag_audit and the tables of the queue are left out.
-- `virtual-tagging schema --sql` writes it: it is for reading, migrations make the database.

CREATE SEQUENCE tag_audit_id_seq AS bigint;

CREATE TABLE admin_changes (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id text,
    subject_name text NOT NULL,
    before jsonb,
    after jsonb,
    CONSTRAINT admin_changes_pkey PRIMARY KEY (id),
    CONSTRAINT admin_changes_action_check CHECK ((action = ANY (ARRAY['CREATED'::text, 'UPDATED'::text, 'DELETED'::text, 'REORDERED'::text, 'PAUSED'::text, 'RESUMED'::text, 'REVOKED'::text, 'CONFIRMED'::text]))),
    CONSTRAINT admin_changes_subject_type_check CHECK ((subject_type = ANY (ARRAY['RULE'::text, 'SCHEDULE'::text, 'API_TOKEN'::text, 'MODEL'::text, 'VOCABULARY_KEY'::text, 'SOURCE'::text])))
);
CREATE INDEX admin_changes_actor ON admin_changes USING btree (actor, id);
CREATE INDEX admin_changes_subject ON admin_changes USING btree (subject_type, id);
CREATE TRIGGER kept BEFORE DELETE OR UPDATE ON admin_changes FOR EACH ROW EXECUTE FUNCTION admin_changes_refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON admin_changes FOR EACH STATEMENT EXECUTE FUNCTION admin_changes_refuse_change();
ALTER TABLE admin_changes ENABLE ROW LEVEL SECURITY;

CREATE TABLE api_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    public_id text NOT NULL,
    secret_hash bytea NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    accounts text[],
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    revoked_by text,
    CONSTRAINT api_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT api_tokens_public_id_key UNIQUE (public_id),
    CONSTRAINT api_tokens_accounts_check CHECK (((cardinality(accounts) > 0) AND (array_position(accounts, NULL::text) IS NULL))),
    CONSTRAINT api_tokens_check CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
    CONSTRAINT api_tokens_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT api_tokens_public_id_check CHECK ((public_id ~ '^[0-9a-f]{16}$'::text)),
    CONSTRAINT api_tokens_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'approver'::text, 'admin'::text]))),
    CONSTRAINT api_tokens_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);
CREATE TRIGGER kept BEFORE DELETE OR UPDATE ON api_tokens FOR EACH ROW EXECUTE FUNCTION api_tokens_refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON api_tokens FOR EACH STATEMENT EXECUTE FUNCTION api_tokens_refuse_change();
ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON api_tokens USING ((accounts <@ accounts_in_scope()));
GRANT SELECT ON api_tokens TO virtual_tagging_reader;

CREATE TABLE calibration_count_deltas (
    account_id text NOT NULL,
    tag_key text NOT NULL,
    source text NOT NULL,
    band integer NOT NULL,
    audit_sample boolean NOT NULL,
    decision_mode text NOT NULL,
    approved boolean NOT NULL,
    count bigint NOT NULL,
    confidence bigint NOT NULL
);
ALTER TABLE calibration_count_deltas ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON calibration_count_deltas USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON calibration_count_deltas TO virtual_tagging_reader;

CREATE TABLE calibration_counts (
    account_id text NOT NULL,
    tag_key text NOT NULL,
    source text NOT NULL,
    band integer NOT NULL,
    audit_sample boolean NOT NULL,
    decision_mode text NOT NULL,
    approved boolean NOT NULL,
    count bigint NOT NULL,
    confidence bigint NOT NULL,
    CONSTRAINT calibration_counts_pkey PRIMARY KEY (account_id, tag_key, source, band, audit_sample, decision_mode, approved)
) WITH (fillfactor=70);
ALTER TABLE calibration_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON calibration_counts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON calibration_counts TO virtual_tagging_reader;

CREATE TABLE calibration_totals (
    tag_key text NOT NULL,
    source text NOT NULL,
    band integer NOT NULL,
    audit_sample boolean NOT NULL,
    decision_mode text NOT NULL,
    approved boolean NOT NULL,
    count bigint NOT NULL,
    confidence bigint NOT NULL,
    CONSTRAINT calibration_totals_pkey PRIMARY KEY (tag_key, source, band, audit_sample, decision_mode, approved)
) WITH (fillfactor=70);
ALTER TABLE calibration_totals ENABLE ROW LEVEL SECURITY;

CREATE UNLOGGED TABLE cluster_stats (
    singleton boolean DEFAULT true NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    stats jsonb NOT NULL,
    CONSTRAINT cluster_stats_pkey PRIMARY KEY (singleton),
    CONSTRAINT cluster_stats_singleton_check CHECK (singleton)
);
ALTER TABLE cluster_stats ENABLE ROW LEVEL SECURITY;

CREATE TABLE cost_bills (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    provider text NOT NULL,
    billing_account_id text NOT NULL,
    period_start date NOT NULL,
    import_id bigint,
    file_name text,
    imported_by text,
    imported_at timestamp with time zone,
    CONSTRAINT cost_bills_pkey PRIMARY KEY (id),
    CONSTRAINT cost_bills_provider_billing_account_id_period_start_key UNIQUE (provider, billing_account_id, period_start)
);
ALTER TABLE cost_bills ENABLE ROW LEVEL SECURITY;

CREATE TABLE cost_imports (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT cost_imports_pkey PRIMARY KEY (id)
);
ALTER TABLE cost_imports ENABLE ROW LEVEL SECURITY;

CREATE TABLE cost_lines (
    bill_id bigint NOT NULL,
    import_id bigint NOT NULL,
    month date NOT NULL,
    currency text NOT NULL,
    account_id text NOT NULL,
    region text,
    service text,
    billed_id text,
    resource_id bigint,
    amount numeric NOT NULL,
    row_count bigint NOT NULL,
    CONSTRAINT cost_lines_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT cost_lines_bill_id_fkey FOREIGN KEY (bill_id) REFERENCES cost_bills(id) ON DELETE CASCADE
);
CREATE INDEX cost_lines_bill ON cost_lines USING btree (bill_id);
CREATE INDEX cost_lines_month ON cost_lines USING btree (month, account_id);
CREATE INDEX cost_lines_resource ON cost_lines USING btree (resource_id, month) WHERE (resource_id IS NOT NULL);
ALTER TABLE cost_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON cost_lines USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON cost_lines TO virtual_tagging_reader;

CREATE TABLE cost_staged_rows (
    import_id bigint NOT NULL,
    provider text NOT NULL,
    billing_account_id text NOT NULL,
    period_start date NOT NULL,
    month date NOT NULL,
    currency text NOT NULL,
    account_id text NOT NULL,
    region text,
    service text,
    billed_id text,
    amount numeric NOT NULL,
    row_count bigint NOT NULL
);
CREATE INDEX cost_staged_rows_import ON cost_staged_rows USING btree (import_id);
ALTER TABLE cost_staged_rows ENABLE ROW LEVEL SECURITY;

CREATE TABLE cost_totals (
    bill_id bigint NOT NULL,
    account_id text NOT NULL,
    month date NOT NULL,
    currency text NOT NULL,
    amount numeric NOT NULL,
    is_complete boolean NOT NULL,
    CONSTRAINT cost_totals_pkey PRIMARY KEY (bill_id, account_id, month, currency),
    CONSTRAINT cost_totals_bill_id_fkey FOREIGN KEY (bill_id) REFERENCES cost_bills(id) ON DELETE CASCADE
);
ALTER TABLE cost_totals ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON cost_totals USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON cost_totals TO virtual_tagging_reader;

CREATE TABLE coverage_accounts (
    tag_key text NOT NULL,
    cloud text NOT NULL,
    account_id text NOT NULL,
    native bigint NOT NULL,
    approved bigint NOT NULL,
    pending bigint NOT NULL,
    suggested bigint NOT NULL,
    missing bigint NOT NULL,
    invalid bigint NOT NULL,
    contradicted bigint NOT NULL,
    resources bigint GENERATED ALWAYS AS (((((((native + approved) + pending) + suggested) + missing) + invalid) + contradicted)) STORED NOT NULL,
    CONSTRAINT coverage_accounts_pkey PRIMARY KEY (account_id, tag_key, cloud)
) WITH (fillfactor=70);
ALTER TABLE coverage_accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON coverage_accounts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON coverage_accounts TO virtual_tagging_reader;

CREATE TABLE coverage_cells (
    resource_id bigint NOT NULL,
    cloud text NOT NULL,
    account_id text NOT NULL,
    resource_type text NOT NULL,
    states text NOT NULL,
    CONSTRAINT coverage_cells_pkey PRIMARY KEY (resource_id)
);
ALTER TABLE coverage_cells ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON coverage_cells USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON coverage_cells TO virtual_tagging_reader;

CREATE TABLE coverage_counts (
    tag_key text NOT NULL,
    cloud text NOT NULL,
    account_id text NOT NULL,
    resource_type text NOT NULL,
    native bigint NOT NULL,
    approved bigint NOT NULL,
    pending bigint NOT NULL,
    suggested bigint NOT NULL,
    missing bigint NOT NULL,
    invalid bigint NOT NULL,
    contradicted bigint NOT NULL,
    resources bigint GENERATED ALWAYS AS (((((((native + approved) + pending) + suggested) + missing) + invalid) + contradicted)) STORED NOT NULL,
    CONSTRAINT coverage_counts_pkey PRIMARY KEY (account_id, tag_key, cloud, resource_type)
) WITH (fillfactor=70);
ALTER TABLE coverage_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON coverage_counts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON coverage_counts TO virtual_tagging_reader;

CREATE TABLE coverage_days (
    day date NOT NULL,
    tag_key text NOT NULL,
    cloud text NOT NULL,
    account_id text NOT NULL,
    native bigint NOT NULL,
    approved bigint NOT NULL,
    pending bigint NOT NULL,
    suggested bigint NOT NULL,
    missing bigint NOT NULL,
    invalid bigint NOT NULL,
    contradicted bigint NOT NULL,
    resources bigint GENERATED ALWAYS AS (((((((native + approved) + pending) + suggested) + missing) + invalid) + contradicted)) STORED NOT NULL,
    CONSTRAINT coverage_days_pkey PRIMARY KEY (tag_key, day, account_id, cloud)
);
CREATE INDEX coverage_days_day ON coverage_days USING btree (day);
ALTER TABLE coverage_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON coverage_days USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON coverage_days TO virtual_tagging_reader;

CREATE TABLE coverage_keys (
    "position" integer NOT NULL,
    tag_key text NOT NULL,
    CONSTRAINT coverage_keys_pkey PRIMARY KEY ("position"),
    CONSTRAINT coverage_keys_tag_key_key UNIQUE (tag_key)
);
ALTER TABLE coverage_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON coverage_keys USING (true);
GRANT SELECT ON coverage_keys TO virtual_tagging_reader;

CREATE TABLE coverage_state (
    singleton boolean DEFAULT true NOT NULL,
    vocabulary text NOT NULL,
    vocabulary_version bigint NOT NULL,
    CONSTRAINT coverage_state_pkey PRIMARY KEY (singleton),
    CONSTRAINT coverage_state_singleton_check CHECK (singleton)
);
ALTER TABLE coverage_state ENABLE ROW LEVEL SECURITY;

CREATE TABLE coverage_totals (
    tag_key text NOT NULL,
    cloud text NOT NULL,
    resource_type text NOT NULL,
    native bigint NOT NULL,
    approved bigint NOT NULL,
    pending bigint NOT NULL,
    suggested bigint NOT NULL,
    missing bigint NOT NULL,
    invalid bigint NOT NULL,
    contradicted bigint NOT NULL,
    resources bigint GENERATED ALWAYS AS (((((((native + approved) + pending) + suggested) + missing) + invalid) + contradicted)) STORED NOT NULL,
    CONSTRAINT coverage_totals_pkey PRIMARY KEY (tag_key, cloud, resource_type)
) WITH (fillfactor=70);
ALTER TABLE coverage_totals ENABLE ROW LEVEL SECURITY;

CREATE TABLE coverage_unsure (
    resource_ids bigint[] NOT NULL,
    noted_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE coverage_unsure ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON coverage_unsure USING (true);
GRANT SELECT ON coverage_unsure TO virtual_tagging_reader;

CREATE TABLE decision_count_deltas (
    minute timestamp with time zone NOT NULL,
    account_id text NOT NULL,
    tag_key text NOT NULL,
    count bigint NOT NULL
);
ALTER TABLE decision_count_deltas ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON decision_count_deltas USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON decision_count_deltas TO virtual_tagging_reader;

CREATE TABLE decision_counts (
    minute timestamp with time zone NOT NULL,
    account_id text NOT NULL,
    tag_key text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT decision_counts_pkey PRIMARY KEY (minute, account_id, tag_key)
);
ALTER TABLE decision_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON decision_counts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON decision_counts TO virtual_tagging_reader;

CREATE TABLE decision_items (
    run_id bigint NOT NULL,
    "position" bigint NOT NULL,
    resource_id bigint,
    virtual_tag_id bigint NOT NULL,
    account_id text,
    seen_at timestamp with time zone,
    outcome text,
    message text,
    decided_at timestamp with time zone,
    CONSTRAINT decision_items_pkey PRIMARY KEY (run_id, "position"),
    CONSTRAINT decision_items_outcome_check CHECK ((outcome = ANY (ARRAY['APPROVED'::text, 'DENIED'::text, 'UNDONE'::text, 'ALREADY_DECIDED'::text, 'NOT_FOUND'::text, 'CONFLICT'::text, 'STALE'::text, 'FORBIDDEN'::text]))) NOT VALID
);
CREATE INDEX decision_items_outcome ON decision_items USING btree (run_id, outcome, "position");
CREATE TRIGGER scope_insert AFTER INSERT ON decision_items REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_out_of_scope();
ALTER TABLE decision_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON decision_items USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON decision_items TO virtual_tagging_reader;

CREATE TABLE discovery_accounts (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    run_id bigint NOT NULL,
    source_id bigint NOT NULL,
    provider text NOT NULL,
    account_id text NOT NULL,
    coverage text NOT NULL,
    reasons text[] NOT NULL,
    resource_count bigint NOT NULL,
    reported_at timestamp with time zone DEFAULT now() NOT NULL,
    is_current boolean DEFAULT true NOT NULL,
    CONSTRAINT discovery_accounts_pkey PRIMARY KEY (id),
    CONSTRAINT discovery_accounts_coverage_check CHECK ((coverage = ANY (ARRAY['COMPLETE'::text, 'TAGGED_ONLY'::text, 'PARTIAL'::text, 'FAILED'::text]))),
    CONSTRAINT discovery_accounts_run_id_fkey FOREIGN KEY (run_id) REFERENCES scheduler_jobs(id) ON DELETE CASCADE,
    CONSTRAINT discovery_accounts_source_id_fkey FOREIGN KEY (source_id) REFERENCES discovery_sources(id) ON DELETE CASCADE
);
CREATE INDEX discovery_accounts_run ON discovery_accounts USING btree (run_id, id);
CREATE INDEX discovery_accounts_source ON discovery_accounts USING btree (source_id, id) WHERE is_current;
ALTER TABLE discovery_accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON discovery_accounts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON discovery_accounts TO virtual_tagging_reader;

CREATE TABLE discovery_providers (
    name text NOT NULL,
    source_id bigint NOT NULL,
    account_id text,
    attempted_at timestamp with time zone NOT NULL,
    reported_at timestamp with time zone,
    error text,
    withheld bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    withheld_of bigint DEFAULT 0 NOT NULL,
    withheld_at timestamp with time zone,
    confirmed bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    confirmed_by text,
    confirmed_at timestamp with time zone,
    CONSTRAINT discovery_providers_pkey PRIMARY KEY (name),
    CONSTRAINT discovery_providers_source_id_fkey FOREIGN KEY (source_id) REFERENCES discovery_sources(id) ON DELETE CASCADE
);
CREATE INDEX discovery_providers_source ON discovery_providers USING btree (source_id);
ALTER TABLE discovery_providers ENABLE ROW LEVEL SECURITY;

CREATE TABLE discovery_sources (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    name text NOT NULL,
    reported_at timestamp with time zone,
    CONSTRAINT discovery_sources_pkey PRIMARY KEY (id),
    CONSTRAINT discovery_sources_name_key UNIQUE (name)
);
ALTER TABLE discovery_sources ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON discovery_sources USING (true);
GRANT SELECT ON discovery_sources TO virtual_tagging_reader;

CREATE TABLE downloads (
    secret_hash bytea NOT NULL,
    subject text NOT NULL,
    role text NOT NULL,
    accounts text[],
    credentials_end timestamp with time zone,
    request jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT downloads_pkey PRIMARY KEY (secret_hash),
    CONSTRAINT downloads_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'approver'::text, 'admin'::text]))),
    CONSTRAINT downloads_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);
CREATE INDEX downloads_expired ON downloads USING btree (expires_at);
ALTER TABLE downloads ENABLE ROW LEVEL SECURITY;

CREATE TABLE engine_revisions (
    revision bigint NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    CONSTRAINT engine_revisions_pkey PRIMARY KEY (revision)
);
ALTER TABLE engine_revisions ENABLE ROW LEVEL SECURITY;

CREATE TABLE engine_state (
    singleton boolean DEFAULT true NOT NULL,
    revision bigint NOT NULL,
    fingerprint text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    generation bigint DEFAULT 1 NOT NULL,
    CONSTRAINT engine_state_pkey PRIMARY KEY (singleton),
    CONSTRAINT engine_state_singleton_check CHECK (singleton)
);
CREATE TRIGGER revisions AFTER UPDATE OF revision ON engine_state FOR EACH ROW WHEN ((new.revision > old.revision)) EXECUTE FUNCTION engine_revisions_follow();
GRANT SELECT ON engine_state TO virtual_tagging_reader;

CREATE TABLE evaluations (
    resource_id bigint NOT NULL,
    revision bigint DEFAULT 0 NOT NULL,
    evaluated_at timestamp with time zone,
    stated jsonb DEFAULT '{}'::jsonb NOT NULL,
    disputed text[],
    invalid text[],
    CONSTRAINT evaluations_pkey PRIMARY KEY (resource_id),
    CONSTRAINT evaluations_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resources(id) ON DELETE CASCADE
) WITH (fillfactor=70);
CREATE INDEX evaluations_due ON evaluations USING btree (revision, resource_id);
CREATE TRIGGER coverage_update AFTER UPDATE ON evaluations REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION evaluations_note_coverage();
ALTER TABLE evaluations ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON evaluations USING ((
CASE
    WHEN (EXISTS ( SELECT
       FROM resources r
      WHERE ((r.id = evaluations.resource_id) AND (r.account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[]))))) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON evaluations TO virtual_tagging_reader;

CREATE TABLE group_count_deltas (
    tag_key text NOT NULL,
    tag_value text NOT NULL,
    source text NOT NULL,
    evidence_signature text NOT NULL,
    count bigint NOT NULL
);
ALTER TABLE group_count_deltas ENABLE ROW LEVEL SECURITY;

CREATE TABLE group_counts (
    tag_key text NOT NULL,
    tag_value text NOT NULL,
    source text NOT NULL,
    evidence_signature text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT group_counts_pkey PRIMARY KEY (tag_key, tag_value, source, evidence_signature)
) WITH (fillfactor=70);
CREATE INDEX group_counts_impact ON group_counts USING btree ((((NOT (evidence_signature ^@ 'CONTRADICTS:'::text)))::integer), ((- count)), tag_key, tag_value, source, evidence_signature) WHERE (count > 0);
ALTER TABLE group_counts ENABLE ROW LEVEL SECURITY;

CREATE TABLE import_chunks (
    file_id bigint NOT NULL,
    seq integer NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT import_chunks_pkey PRIMARY KEY (file_id, seq),
    CONSTRAINT import_chunks_file_id_fkey FOREIGN KEY (file_id) REFERENCES import_files(id) ON DELETE CASCADE
);
ALTER TABLE import_chunks ENABLE ROW LEVEL SECURITY;

CREATE TABLE import_files (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    file_name text NOT NULL,
    byte_size bigint NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT import_files_pkey PRIMARY KEY (id)
);
ALTER TABLE import_files ENABLE ROW LEVEL SECURITY;

CREATE TABLE import_parts (
    file_id bigint NOT NULL,
    part integer NOT NULL,
    first_line bigint NOT NULL,
    last_line bigint NOT NULL,
    CONSTRAINT import_parts_pkey PRIMARY KEY (file_id, part),
    CONSTRAINT import_parts_file_id_fkey FOREIGN KEY (file_id) REFERENCES imports(file_id) ON DELETE CASCADE
);
ALTER TABLE import_parts ENABLE ROW LEVEL SECURITY;

CREATE TABLE import_rejections (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    run_id bigint NOT NULL,
    line bigint,
    column_name text,
    value text,
    reason text NOT NULL,
    CONSTRAINT import_rejections_pkey PRIMARY KEY (id),
    CONSTRAINT import_rejections_run_id_id_key UNIQUE (run_id, id),
    CONSTRAINT import_rejections_run_id_fkey FOREIGN KEY (run_id) REFERENCES scheduler_jobs(id) ON DELETE CASCADE
);
ALTER TABLE import_rejections ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON import_rejections TO virtual_tagging_reader;

CREATE TABLE import_rows (
    file_id bigint NOT NULL,
    line bigint NOT NULL,
    resource_id text NOT NULL,
    name text NOT NULL,
    cloud text NOT NULL,
    account_id text NOT NULL,
    resource_type text NOT NULL,
    region text,
    native_tags jsonb NOT NULL,
    created_at timestamp with time zone,
    keeps_name boolean DEFAULT false NOT NULL,
    keeps_region boolean DEFAULT false NOT NULL,
    keeps_tags boolean DEFAULT false NOT NULL,
    cleared_tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT import_rows_pkey PRIMARY KEY (file_id, line)
);
ALTER TABLE import_rows ENABLE ROW LEVEL SECURITY;

CREATE TABLE import_samples (
    run_id bigint NOT NULL,
    action text NOT NULL,
    line bigint NOT NULL,
    resource_id text NOT NULL,
    changes jsonb NOT NULL,
    CONSTRAINT import_samples_pkey PRIMARY KEY (run_id, action, line),
    CONSTRAINT import_samples_action_check CHECK ((action = ANY (ARRAY['INSERT'::text, 'UPDATE'::text, 'UNCHANGED'::text]))),
    CONSTRAINT import_samples_run_id_fkey FOREIGN KEY (run_id) REFERENCES scheduler_jobs(id) ON DELETE CASCADE
);
ALTER TABLE import_samples ENABLE ROW LEVEL SECURITY;

CREATE TABLE import_summaries (
    run_id bigint NOT NULL,
    summary jsonb NOT NULL,
    CONSTRAINT import_summaries_pkey PRIMARY KEY (run_id),
    CONSTRAINT import_summaries_run_id_fkey FOREIGN KEY (run_id) REFERENCES scheduler_jobs(id) ON DELETE CASCADE
);
ALTER TABLE import_summaries ENABLE ROW LEVEL SECURITY;

CREATE TABLE import_tags (
    file_id bigint NOT NULL,
    line bigint NOT NULL,
    resource_id text NOT NULL,
    tag_key text NOT NULL,
    tag_value text NOT NULL,
    status text,
    reason text,
    CONSTRAINT import_tags_pkey PRIMARY KEY (file_id, line),
    CONSTRAINT import_tags_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'APPROVED'::text, 'DENIED'::text])))
);
ALTER TABLE import_tags ENABLE ROW LEVEL SECURITY;

CREATE TABLE imports (
    file_id bigint NOT NULL,
    run_id bigint NOT NULL,
    stage text DEFAULT 'READING'::text NOT NULL,
    entries bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    CONSTRAINT imports_pkey PRIMARY KEY (file_id),
    CONSTRAINT imports_stage_check CHECK ((stage = ANY (ARRAY['READING'::text, 'MERGING'::text, 'DONE'::text, 'REFUSED'::text]))),
    CONSTRAINT imports_file_id_fkey FOREIGN KEY (file_id) REFERENCES import_files(id) ON DELETE CASCADE,
    CONSTRAINT imports_run_id_fkey FOREIGN KEY (run_id) REFERENCES scheduler_jobs(id) ON DELETE CASCADE
);
CREATE INDEX imports_run ON imports USING btree (run_id);
ALTER TABLE imports ENABLE ROW LEVEL SECURITY;

CREATE TABLE ml_inferences (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    resource_id bigint NOT NULL,
    model_version text NOT NULL,
    revision bigint NOT NULL,
    predictions jsonb NOT NULL,
    predicted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ml_inferences_pkey PRIMARY KEY (id),
    CONSTRAINT ml_inferences_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resources(id) ON DELETE CASCADE
);
CREATE INDEX ml_inferences_resource ON ml_inferences USING btree (resource_id, id);
ALTER TABLE ml_inferences ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON ml_inferences USING ((
CASE
    WHEN (EXISTS ( SELECT
       FROM resources r
      WHERE ((r.id = ml_inferences.resource_id) AND (r.account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[]))))) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON ml_inferences TO virtual_tagging_reader;

CREATE TABLE model_parts (
    version bigint NOT NULL,
    part integer NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT model_parts_pkey PRIMARY KEY (version, part),
    CONSTRAINT model_parts_version_fkey FOREIGN KEY (version) REFERENCES models(version) ON DELETE CASCADE
);
ALTER TABLE model_parts ENABLE ROW LEVEL SECURITY;

CREATE TABLE models (
    version bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    status text NOT NULL,
    status_reason text NOT NULL,
    activated_at timestamp with time zone,
    window_start timestamp with time zone,
    window_end timestamp with time zone NOT NULL,
    window_xid xid8 NOT NULL,
    resource_count bigint NOT NULL,
    native_labels bigint NOT NULL,
    decided_labels bigint NOT NULL,
    rule_labels bigint NOT NULL,
    denied_labels bigint NOT NULL,
    seed bigint NOT NULL,
    vocabulary text NOT NULL,
    metrics jsonb NOT NULL,
    comparison jsonb,
    byte_count bigint NOT NULL,
    CONSTRAINT models_pkey PRIMARY KEY (version),
    CONSTRAINT models_status_check CHECK ((status = ANY (ARRAY['CANDIDATE'::text, 'ACTIVE'::text, 'RETIRED'::text, 'REJECTED'::text])))
);
CREATE UNIQUE INDEX models_active ON models USING btree (status) WHERE (status = 'ACTIVE'::text);
ALTER TABLE models ENABLE ROW LEVEL SECURITY;

CREATE TABLE resource_count_deltas (
    account_id text NOT NULL,
    cloud text NOT NULL,
    resource_type text NOT NULL,
    retired boolean NOT NULL,
    count bigint NOT NULL
);
ALTER TABLE resource_count_deltas ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON resource_count_deltas USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON resource_count_deltas TO virtual_tagging_reader;

CREATE TABLE resource_counts (
    account_id text NOT NULL,
    cloud text NOT NULL,
    resource_type text NOT NULL,
    retired boolean NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT resource_counts_pkey PRIMARY KEY (account_id, cloud, resource_type, retired)
) WITH (fillfactor=70);
ALTER TABLE resource_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON resource_counts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON resource_counts TO virtual_tagging_reader;

CREATE TABLE resource_totals (
    cloud text NOT NULL,
    resource_type text NOT NULL,
    retired boolean NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT resource_totals_pkey PRIMARY KEY (cloud, resource_type, retired)
) WITH (fillfactor=70);
ALTER TABLE resource_totals ENABLE ROW LEVEL SECURITY;

CREATE TABLE resources (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    resource_id text NOT NULL,
    name text NOT NULL,
    cloud text NOT NULL,
    account_id text NOT NULL,
    resource_type text NOT NULL,
    region text,
    native_tags jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    discovered_by text NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    resource_key text COLLATE "C" GENERATED ALWAYS AS (
CASE
    WHEN ((resource_id ~~ '/%'::text) AND (resource_id !~~ '//%'::text)) THEN lower((resource_id COLLATE "C"))
    ELSE (resource_id COLLATE "C")
END) STORED NOT NULL,
    CONSTRAINT resources_pkey PRIMARY KEY (id),
    CONSTRAINT resources_resource_key_key UNIQUE (resource_key),
    CONSTRAINT resources_account_id_check CHECK (((length(account_id) >= 1) AND (length(account_id) <= 256))),
    CONSTRAINT resources_cloud_check CHECK ((cloud = ANY (ARRAY['aws'::text, 'gcp'::text, 'azure'::text]))),
    CONSTRAINT resources_name_check CHECK ((length(name) <= 1024)),
    CONSTRAINT resources_native_tags_check CHECK ((jsonb_typeof(native_tags) = 'object'::text)),
    CONSTRAINT resources_resource_id_check CHECK (((length(resource_id) >= 1) AND (length(resource_id) <= 2048))),
    CONSTRAINT resources_resource_type_check CHECK (((length(resource_type) >= 1) AND (length(resource_type) <= 256)))
);
ALTER TABLE resources ALTER COLUMN resource_type SET STATISTICS 500;
CREATE INDEX resources_account ON resources USING btree (account_id, id) INCLUDE (cloud, resource_type, region, retired_at, created_at);
CREATE INDEX resources_account_created ON resources USING btree (account_id, created_at, id);
CREATE INDEX resources_created ON resources USING btree (created_at, id);
CREATE INDEX resources_discovered_by ON resources USING btree (discovered_by, id) WHERE (retired_at IS NULL);
CREATE INDEX resources_feed ON resources USING btree (changed_xid, id);
CREATE INDEX resources_name ON resources USING btree (name text_pattern_ops, id);
CREATE INDEX resources_rare ON resources USING gin (cloud, account_id, resource_type, region);
CREATE INDEX resources_retired ON resources USING btree (id) WHERE (retired_at IS NOT NULL);
CREATE INDEX resources_type ON resources USING btree (resource_type, id);
CREATE STATISTICS resources_cloud_type (mcv) ON cloud, resource_type FROM resources;
CREATE TRIGGER copied_to_tags AFTER UPDATE ON resources REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_follow_resources();
CREATE TRIGGER cost_delete AFTER DELETE ON resources REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION resources_release_cost();
CREATE TRIGGER cost_truncate AFTER TRUNCATE ON resources FOR EACH STATEMENT EXECUTE FUNCTION resources_release_cost();
CREATE TRIGGER counted_delete AFTER DELETE ON resources REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION resources_counted();
CREATE TRIGGER counted_insert AFTER INSERT ON resources REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION resources_counted();
CREATE TRIGGER counted_truncate AFTER TRUNCATE ON resources FOR EACH STATEMENT EXECUTE FUNCTION resources_counted_truncate();
CREATE TRIGGER counted_update AFTER UPDATE ON resources REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION resources_counted();
CREATE TRIGGER coverage_delete AFTER DELETE ON resources REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION resources_note_coverage();
CREATE TRIGGER coverage_insert AFTER INSERT ON resources REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION resources_note_coverage();
CREATE TRIGGER coverage_truncate AFTER TRUNCATE ON resources FOR EACH STATEMENT EXECUTE FUNCTION resources_truncate_coverage();
CREATE TRIGGER coverage_update AFTER UPDATE ON resources REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION resources_note_coverage();
CREATE TRIGGER scope_delete AFTER DELETE ON resources REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_out_of_scope();
CREATE TRIGGER scope_insert AFTER INSERT ON resources REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_out_of_scope();
CREATE TRIGGER scope_update AFTER UPDATE ON resources REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_out_of_scope();
ALTER TABLE resources ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON resources USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON resources TO virtual_tagging_reader;

CREATE TABLE rule_suggestions (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    pattern_key text NOT NULL,
    pattern jsonb NOT NULL,
    condition text NOT NULL,
    description text NOT NULL,
    accounts text[] NOT NULL,
    resource_count bigint NOT NULL,
    cost double precision,
    gain double precision NOT NULL,
    tags jsonb NOT NULL,
    tag_keys text[] NOT NULL,
    signature text NOT NULL,
    samples bigint[] NOT NULL,
    status text DEFAULT 'OPEN'::text NOT NULL,
    mined_at timestamp with time zone DEFAULT now() NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    decision_reason text,
    decided_keys jsonb,
    CONSTRAINT rule_suggestions_pkey PRIMARY KEY (id),
    CONSTRAINT rule_suggestions_check CHECK (((status = 'OPEN'::text) = (decided_at IS NULL))),
    CONSTRAINT rule_suggestions_condition_check CHECK (((length(condition) >= 1) AND (length(condition) <= 4096))),
    CONSTRAINT rule_suggestions_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'ACCEPTED'::text, 'DISMISSED'::text])))
);
CREATE INDEX rule_suggestions_open ON rule_suggestions USING btree (gain, id) WHERE (status = 'OPEN'::text);
CREATE UNIQUE INDEX rule_suggestions_pattern ON rule_suggestions USING btree (pattern_key) WHERE (status = 'OPEN'::text);
CREATE TRIGGER scope BEFORE DELETE OR UPDATE ON rule_suggestions FOR EACH ROW WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_suggestion_out_of_scope();
ALTER TABLE rule_suggestions ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON rule_suggestions USING (((accounts <@ accounts_in_scope()) IS TRUE));
GRANT SELECT ON rule_suggestions TO virtual_tagging_reader;

CREATE TABLE rule_versions (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    rule_id bigint NOT NULL,
    version integer NOT NULL,
    definition jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT rule_versions_pkey PRIMARY KEY (id),
    CONSTRAINT rule_versions_rule_id_version_key UNIQUE (rule_id, version)
);
GRANT SELECT ON rule_versions TO virtual_tagging_reader;

CREATE TABLE rules (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    rule_name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    condition text NOT NULL,
    tag_key text NOT NULL,
    tag_value text NOT NULL,
    priority integer NOT NULL,
    confidence double precision NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_by text NOT NULL,
    approves boolean DEFAULT false NOT NULL,
    suggestion_id bigint,
    accepted_by text,
    accepted_at timestamp with time zone,
    accepted_reason text,
    corrects boolean DEFAULT false NOT NULL,
    effective_from timestamp with time zone,
    effective_to timestamp with time zone,
    in_effect boolean DEFAULT true NOT NULL,
    CONSTRAINT rules_pkey PRIMARY KEY (id),
    CONSTRAINT rules_rule_name_key UNIQUE (rule_name),
    CONSTRAINT rules_accepted_check CHECK ((approves = ((accepted_by IS NOT NULL) AND (accepted_at IS NOT NULL)))),
    CONSTRAINT rules_condition_check CHECK (((length(condition) >= 1) AND (length(condition) <= 4096))),
    CONSTRAINT rules_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT rules_description_check CHECK ((length(description) <= 4000)),
    CONSTRAINT rules_effective CHECK ((effective_from < effective_to)),
    CONSTRAINT rules_rule_name_check CHECK (((length(rule_name) >= 1) AND (length(rule_name) <= 200))),
    CONSTRAINT rules_tag_key_check CHECK (((length(tag_key) >= 1) AND (length(tag_key) <= 128))),
    CONSTRAINT rules_tag_value_check CHECK (((length(tag_value) >= 1) AND (length(tag_value) <= 1024))),
    CONSTRAINT rules_suggestion_id_fkey FOREIGN KEY (suggestion_id) REFERENCES rule_suggestions(id) ON DELETE SET NULL
);
CREATE INDEX rules_effective ON rules USING btree (effective_from, effective_to) WHERE ((effective_from IS NOT NULL) OR (effective_to IS NOT NULL));
CREATE INDEX rules_order ON rules USING btree (priority, (((NOT approves))::integer), id);
CREATE INDEX rules_suggestion ON rules USING btree (suggestion_id) WHERE (suggestion_id IS NOT NULL);
CREATE TRIGGER version_changed AFTER UPDATE ON rules FOR EACH ROW WHEN ((new.version <> old.version)) EXECUTE FUNCTION rules_keep_version();
CREATE TRIGGER version_made AFTER INSERT ON rules FOR EACH ROW EXECUTE FUNCTION rules_keep_version();
GRANT SELECT ON rules TO virtual_tagging_reader;

CREATE TABLE run_principals (
    run_id bigint NOT NULL,
    subject text NOT NULL,
    accounts text[],
    api_token text,
    expires_at timestamp with time zone,
    CONSTRAINT run_principals_pkey PRIMARY KEY (run_id),
    CONSTRAINT run_principals_run_id_fkey FOREIGN KEY (run_id) REFERENCES scheduler_jobs(id) ON DELETE CASCADE
);
ALTER TABLE run_principals ENABLE ROW LEVEL SECURITY;

CREATE TABLE scheduler_jobs (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    job_name text NOT NULL,
    arguments jsonb DEFAULT '{}'::jsonb NOT NULL,
    status text DEFAULT 'QUEUED'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    max_attempts integer DEFAULT 5 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    woken_at timestamp with time zone DEFAULT now() NOT NULL,
    scheduled_for timestamp with time zone,
    progress_done bigint DEFAULT 0 NOT NULL,
    progress_total bigint,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    error text,
    requested_by text NOT NULL,
    worker text,
    heartbeat_at timestamp with time zone,
    cancel_requested_at timestamp with time zone,
    cancel_requested_by text,
    singleton_key text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    priority smallint DEFAULT 0 NOT NULL,
    exclusive_key text,
    worker_key bigint,
    claimed_at timestamp with time zone,
    progress_claimed bigint,
    recruited_by bigint,
    accounts text[],
    CONSTRAINT scheduler_jobs_pkey PRIMARY KEY (id),
    CONSTRAINT scheduler_jobs_job_name_check CHECK ((job_name = ANY (ARRAY['import_cost'::text, 'snapshot_coverage'::text, 'mine_suggestions'::text, 'discover'::text, 'auto_tag'::text, 'import'::text, 'maintain'::text, 'decide'::text, 'seal'::text, 'train_model'::text]))),
    CONSTRAINT scheduler_jobs_status_check CHECK ((status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])))
) WITH (fillfactor=70);
CREATE UNIQUE INDEX scheduler_jobs_exclusive ON scheduler_jobs USING btree (exclusive_key) WHERE ((exclusive_key IS NOT NULL) AND (status = 'RUNNING'::text));
CREATE INDEX scheduler_jobs_name ON scheduler_jobs USING btree (job_name, id);
CREATE INDEX scheduler_jobs_open ON scheduler_jobs USING btree (run_at) WHERE (status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text]));
CREATE UNIQUE INDEX scheduler_jobs_singleton ON scheduler_jobs USING btree (singleton_key) WHERE ((singleton_key IS NOT NULL) AND (status = 'QUEUED'::text));
CREATE INDEX scheduler_jobs_status ON scheduler_jobs USING btree (status, id);
CREATE UNIQUE INDEX scheduler_jobs_tick ON scheduler_jobs USING btree (job_name, scheduled_for) WHERE (scheduled_for IS NOT NULL);
CREATE INDEX scheduler_jobs_waiting ON scheduler_jobs USING btree (priority DESC, run_at, id) WHERE (status = 'QUEUED'::text);
CREATE TRIGGER decision_items_go AFTER DELETE ON scheduler_jobs FOR EACH ROW WHEN ((old.job_name = 'decide'::text)) EXECUTE FUNCTION decision_items_follow_run();
ALTER TABLE scheduler_jobs ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON scheduler_jobs TO virtual_tagging_reader;

CREATE TABLE schedules (
    job_name text NOT NULL,
    cron text NOT NULL,
    arguments jsonb DEFAULT '{}'::jsonb NOT NULL,
    last_tick_at timestamp with time zone,
    active_from timestamp with time zone NOT NULL,
    paused_at timestamp with time zone,
    paused_by text,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    configured jsonb,
    edited_at timestamp with time zone,
    edited_by text,
    CONSTRAINT schedules_pkey PRIMARY KEY (job_name)
);
GRANT SELECT ON schedules TO virtual_tagging_reader;

CREATE TABLE schema_compatibility (
    migration text NOT NULL,
    requires text NOT NULL,
    CONSTRAINT schema_compatibility_pkey PRIMARY KEY (migration)
);
ALTER TABLE schema_compatibility ENABLE ROW LEVEL SECURITY;

CREATE TABLE seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL,
    CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version)
);

CREATE TABLE suggestion_state (
    singleton boolean DEFAULT true NOT NULL,
    changes bigint NOT NULL,
    mined bigint NOT NULL,
    CONSTRAINT suggestion_state_pkey PRIMARY KEY (singleton),
    CONSTRAINT suggestion_state_singleton_check CHECK (singleton)
);
ALTER TABLE suggestion_state ENABLE ROW LEVEL SECURITY;

CREATE TABLE tag_audit_detached (
    partition text NOT NULL,
    detached_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tag_audit_detached_pkey PRIMARY KEY (partition)
);
ALTER TABLE tag_audit_detached ENABLE ROW LEVEL SECURITY;

CREATE TABLE tag_audit_seals (
    partition text NOT NULL,
    seq integer NOT NULL,
    last_xid xid8 NOT NULL,
    last_id bigint NOT NULL,
    row_count bigint NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tag_audit_seals_pkey PRIMARY KEY (partition, seq)
);
CREATE INDEX tag_audit_seals_last ON tag_audit_seals USING btree (last_xid, last_id);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON tag_audit_seals FOR EACH STATEMENT EXECUTE FUNCTION tag_audit_seals_refuse_change();
ALTER TABLE tag_audit_seals ENABLE ROW LEVEL SECURITY;
REVOKE DELETE, TRUNCATE, UPDATE ON tag_audit_seals FROM CURRENT_USER;

CREATE TABLE tag_count_deltas (
    approval_status text NOT NULL,
    account_id text NOT NULL,
    tag_key text NOT NULL,
    source text NOT NULL,
    auto_applied boolean NOT NULL,
    band integer NOT NULL,
    cloud text NOT NULL,
    count bigint NOT NULL
);
ALTER TABLE tag_count_deltas ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON tag_count_deltas USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON tag_count_deltas TO virtual_tagging_reader;

CREATE TABLE tag_counts (
    approval_status text NOT NULL,
    account_id text NOT NULL,
    tag_key text NOT NULL,
    source text NOT NULL,
    auto_applied boolean NOT NULL,
    band integer NOT NULL,
    cloud text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT tag_counts_pkey PRIMARY KEY (account_id, approval_status, tag_key, source, auto_applied, band, cloud)
) WITH (fillfactor=70);
ALTER TABLE tag_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON tag_counts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON tag_counts TO virtual_tagging_reader;

CREATE TABLE tag_totals (
    approval_status text NOT NULL,
    tag_key text NOT NULL,
    source text NOT NULL,
    auto_applied boolean NOT NULL,
    band integer NOT NULL,
    cloud text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT tag_totals_pkey PRIMARY KEY (approval_status, tag_key, source, auto_applied, band, cloud)
) WITH (fillfactor=70);
ALTER TABLE tag_totals ENABLE ROW LEVEL SECURITY;

CREATE TABLE tagged_counts (
    account_id text NOT NULL,
    cloud text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT tagged_counts_pkey PRIMARY KEY (account_id, cloud)
) WITH (fillfactor=70);
ALTER TABLE tagged_counts ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON tagged_counts USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON tagged_counts TO virtual_tagging_reader;

CREATE TABLE tagged_resources (
    resource_id bigint NOT NULL,
    account_id text NOT NULL,
    cloud text NOT NULL,
    CONSTRAINT tagged_resources_pkey PRIMARY KEY (resource_id)
);
ALTER TABLE tagged_resources ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON tagged_resources USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON tagged_resources TO virtual_tagging_reader;

CREATE TABLE tagged_unsure (
    resource_ids bigint[] NOT NULL
);
ALTER TABLE tagged_unsure ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON tagged_unsure USING (true);
GRANT SELECT ON tagged_unsure TO virtual_tagging_reader;

CREATE TABLE virtual_tags (
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    resource_id bigint NOT NULL,
    tag_key text NOT NULL,
    tag_value text NOT NULL,
    source text NOT NULL,
    confidence double precision NOT NULL,
    auto_applied boolean NOT NULL,
    approval_status text NOT NULL,
    rule_id bigint,
    evidence jsonb NOT NULL,
    evidence_signature text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    decision_reason text,
    superseded_by bigint,
    superseded_from text,
    cloud text NOT NULL,
    account_id text NOT NULL,
    resource_type text NOT NULL,
    approved_by_rule boolean DEFAULT false NOT NULL,
    decision_mode text,
    audit_sample boolean GENERATED ALWAYS AS (((source <> ALL (ARRAY['MANUAL'::text, 'CSV'::text])) AND ((hashtextextended(((tag_key || '='::text) || tag_value), resource_id) & (65535)::bigint) < 3277))) STORED NOT NULL,
    past_denial jsonb,
    CONSTRAINT virtual_tags_pkey PRIMARY KEY (id),
    CONSTRAINT virtual_tags_resource_id_tag_key_tag_value_key UNIQUE (resource_id, tag_key, tag_value),
    CONSTRAINT virtual_tags_approval_status_check CHECK ((approval_status = ANY (ARRAY['PENDING'::text, 'APPROVED'::text, 'DENIED'::text, 'SUPERSEDED'::text]))),
    CONSTRAINT virtual_tags_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT virtual_tags_decision_mode_check CHECK ((decision_mode = ANY (ARRAY['SINGLE'::text, 'BULK'::text]))),
    CONSTRAINT virtual_tags_decision_mode_pending CHECK (((decision_mode IS NULL) OR (approval_status <> 'PENDING'::text))),
    CONSTRAINT virtual_tags_source_check CHECK ((source = ANY (ARRAY['NATIVE'::text, 'PATTERN'::text, 'TYPE'::text, 'RULE'::text, 'MODEL'::text, 'INHERITED'::text, 'NEIGHBOUR'::text, 'MANUAL'::text, 'CSV'::text]))),
    CONSTRAINT virtual_tags_superseded_from_check CHECK ((superseded_from = ANY (ARRAY['PENDING'::text, 'APPROVED'::text]))),
    CONSTRAINT virtual_tags_tag_key_check CHECK (((length(tag_key) >= 1) AND (length(tag_key) <= 128))),
    CONSTRAINT virtual_tags_tag_value_check CHECK (((length(tag_value) >= 1) AND (length(tag_value) <= 1024))),
    CONSTRAINT virtual_tags_resource_id_fkey FOREIGN KEY (resource_id) REFERENCES resources(id) ON DELETE CASCADE,
    CONSTRAINT virtual_tags_superseded_by_fkey FOREIGN KEY (superseded_by) REFERENCES virtual_tags(id) ON DELETE SET NULL
);
ALTER TABLE virtual_tags ALTER COLUMN evidence_signature SET STATISTICS 500;
ALTER TABLE virtual_tags ALTER COLUMN resource_type SET STATISTICS 500;
ALTER TABLE virtual_tags ALTER COLUMN tag_value SET STATISTICS 500;
CREATE INDEX virtual_tags_account ON virtual_tags USING btree (account_id, id) INCLUDE (approval_status, tag_key, tag_value, source, evidence_signature, confidence, created_at, cloud, resource_type, auto_applied, rule_id);
CREATE UNIQUE INDEX virtual_tags_approved ON virtual_tags USING btree (resource_id, tag_key) WHERE (approval_status = 'APPROVED'::text);
CREATE INDEX virtual_tags_contradictions ON virtual_tags USING btree (confidence, id) WHERE ((approval_status = 'PENDING'::text) AND (evidence_signature ^@ 'CONTRADICTS:'::text));
CREATE INDEX virtual_tags_contradictions_age ON virtual_tags USING btree (created_at, id) WHERE ((approval_status = 'PENDING'::text) AND (evidence_signature ^@ 'CONTRADICTS:'::text));
CREATE INDEX virtual_tags_queue_account ON virtual_tags USING btree (account_id, confidence, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_account_age ON virtual_tags USING btree (account_id, created_at, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_account_group ON virtual_tags USING btree (account_id, tag_key, tag_value, source, evidence_signature, confidence, id) INCLUDE (created_at, cloud, resource_type, auto_applied) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_age ON virtual_tags USING btree (created_at, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_confidence ON virtual_tags USING btree (confidence, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_group ON virtual_tags USING btree (tag_key, tag_value, source, evidence_signature, confidence, id) INCLUDE (created_at, account_id, cloud, resource_type, auto_applied) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_group_age ON virtual_tags USING btree (tag_key, tag_value, source, evidence_signature, created_at, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_key ON virtual_tags USING btree (tag_key, confidence, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_kind ON virtual_tags USING btree (auto_applied, confidence, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_queue_source ON virtual_tags USING btree (source, confidence, id) WHERE (approval_status = 'PENDING'::text);
CREATE INDEX virtual_tags_rare ON virtual_tags USING gin (approval_status, tag_key, tag_value, source, evidence_signature, cloud, account_id, resource_type) WITH (gin_pending_list_limit='1024');
CREATE INDEX virtual_tags_rule ON virtual_tags USING btree (rule_id, id) WHERE (rule_id IS NOT NULL);
CREATE INDEX virtual_tags_superseded_by ON virtual_tags USING btree (superseded_by) WHERE (superseded_by IS NOT NULL);
CREATE STATISTICS virtual_tags_cloud_type (mcv) ON cloud, resource_type FROM virtual_tags;
CREATE STATISTICS virtual_tags_status_type (mcv) ON approval_status, resource_type FROM virtual_tags;
CREATE TRIGGER calibrated_delete AFTER DELETE ON virtual_tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_calibrated();
CREATE TRIGGER calibrated_insert AFTER INSERT ON virtual_tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_calibrated();
CREATE TRIGGER calibrated_update AFTER UPDATE ON virtual_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_calibrated();
CREATE TRIGGER counted_delete AFTER DELETE ON virtual_tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted();
CREATE TRIGGER counted_insert AFTER INSERT ON virtual_tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted();
CREATE TRIGGER counted_truncate AFTER TRUNCATE ON virtual_tags FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted_truncate();
CREATE TRIGGER counted_update AFTER UPDATE ON virtual_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION virtual_tags_counted();
CREATE TRIGGER coverage_delete AFTER DELETE ON virtual_tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tags_note_coverage();
CREATE TRIGGER coverage_insert AFTER INSERT ON virtual_tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tags_note_coverage();
CREATE TRIGGER coverage_update AFTER UPDATE ON virtual_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tags_note_coverage();
CREATE TRIGGER scope_delete AFTER DELETE ON virtual_tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_out_of_scope();
CREATE TRIGGER scope_insert AFTER INSERT ON virtual_tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_out_of_scope();
CREATE TRIGGER scope_update AFTER UPDATE ON virtual_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((NULLIF(current_setting('virtual_tagging.accounts'::text, true), ''::text) IS NOT NULL)) EXECUTE FUNCTION refuse_out_of_scope();
ALTER TABLE virtual_tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON virtual_tags USING ((
CASE
    WHEN (account_id = ANY (( SELECT accounts_in_scope() AS accounts_in_scope)::text[])) THEN true
    ELSE NULL::boolean
END IS NOT NULL));
GRANT SELECT ON virtual_tags TO virtual_tagging_reader;

CREATE TABLE vocabulary_keys (
    name text NOT NULL,
    definition jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_by text NOT NULL,
    CONSTRAINT vocabulary_keys_pkey PRIMARY KEY (name),
    CONSTRAINT vocabulary_keys_definition_check CHECK ((jsonb_typeof(definition) = 'object'::text)),
    CONSTRAINT vocabulary_keys_name_check CHECK (((name ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (length(name) <= 128)))
);
ALTER TABLE vocabulary_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON vocabulary_keys USING (true);
GRANT SELECT ON vocabulary_keys TO virtual_tagging_reader;

CREATE TABLE vocabulary_versions (
    version bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_by text NOT NULL,
    keys jsonb NOT NULL,
    CONSTRAINT vocabulary_versions_pkey PRIMARY KEY (version),
    CONSTRAINT vocabulary_versions_keys_check CHECK ((jsonb_typeof(keys) = 'object'::text))
);
ALTER TABLE vocabulary_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON vocabulary_versions USING (true);
GRANT SELECT ON vocabulary_versions TO virtual_tagging_reader;

CREATE VIEW calibration_counts_now WITH (security_invoker=true) AS
 SELECT account_id,
    tag_key,
    source,
    band,
    audit_sample,
    decision_mode,
    approved,
    count,
    confidence
   FROM calibration_counts
UNION ALL
 SELECT account_id,
    tag_key,
    source,
    band,
    audit_sample,
    decision_mode,
    approved,
    count,
    confidence
   FROM calibration_count_deltas;
GRANT SELECT ON calibration_counts_now TO virtual_tagging_reader;

CREATE VIEW calibration_totals_now WITH (security_invoker=true) AS
 SELECT tag_key,
    source,
    band,
    audit_sample,
    decision_mode,
    approved,
    count,
    confidence
   FROM calibration_totals
UNION ALL
 SELECT tag_key,
    source,
    band,
    audit_sample,
    decision_mode,
    approved,
    count,
    confidence
   FROM calibration_count_deltas;

CREATE VIEW decision_counts_now WITH (security_invoker=true) AS
 SELECT minute,
    account_id,
    tag_key,
    count
   FROM decision_counts
UNION ALL
 SELECT minute,
    account_id,
    tag_key,
    count
   FROM decision_count_deltas;
GRANT SELECT ON decision_counts_now TO virtual_tagging_reader;

CREATE VIEW group_counts_now WITH (security_invoker=true) AS
 SELECT tag_key,
    tag_value,
    source,
    evidence_signature,
    (sum(count))::bigint AS count
   FROM ( SELECT tag_key,
            tag_value,
            source,
            evidence_signature,
            count
           FROM group_counts
        UNION ALL
         SELECT tag_key,
            tag_value,
            source,
            evidence_signature,
            count
           FROM group_count_deltas) both_tables
  GROUP BY tag_key, tag_value, source, evidence_signature
 HAVING (sum(count) > (0)::numeric);

CREATE VIEW resource_counts_now WITH (security_invoker=true) AS
 SELECT account_id,
    cloud,
    resource_type,
    retired,
    count
   FROM resource_counts
UNION ALL
 SELECT account_id,
    cloud,
    resource_type,
    retired,
    count
   FROM resource_count_deltas;
GRANT SELECT ON resource_counts_now TO virtual_tagging_reader;

CREATE VIEW resource_totals_now WITH (security_invoker=true) AS
 SELECT cloud,
    resource_type,
    retired,
    count
   FROM resource_totals
UNION ALL
 SELECT cloud,
    resource_type,
    retired,
    count
   FROM resource_count_deltas;

CREATE VIEW runs_in_scope AS
 SELECT id,
    job_name,
        CASE
            WHEN shown THEN arguments
            ELSE '{}'::jsonb
        END AS arguments,
    status,
    attempt,
    max_attempts,
    fence,
    run_at,
    woken_at,
    scheduled_for,
        CASE
            WHEN shown THEN progress_done
            ELSE (0)::bigint
        END AS progress_done,
        CASE
            WHEN shown THEN progress_total
            ELSE NULL::bigint
        END AS progress_total,
        CASE
            WHEN shown THEN counts
            ELSE '{}'::jsonb
        END AS counts,
        CASE
            WHEN (shown OR (error IS NULL)) THEN error
            ELSE 'it failed; who may see all accounts that it is about is shown why'::text
        END AS error,
        CASE
            WHEN (shown OR (requested_by ~~ 'system:%'::text)) THEN requested_by
            ELSE 'another caller'::text
        END AS requested_by,
        CASE
            WHEN shown THEN worker
            ELSE NULL::text
        END AS worker,
    heartbeat_at,
    cancel_requested_at,
        CASE
            WHEN (shown OR (cancel_requested_by ~~ 'system:%'::text)) THEN cancel_requested_by
            WHEN (cancel_requested_by IS NOT NULL) THEN 'another caller'::text
            ELSE NULL::text
        END AS cancel_requested_by,
        CASE
            WHEN shown THEN singleton_key
            ELSE NULL::text
        END AS singleton_key,
    created_at,
    started_at,
    finished_at,
    priority,
        CASE
            WHEN shown THEN exclusive_key
            ELSE NULL::text
        END AS exclusive_key,
        CASE
            WHEN shown THEN worker_key
            ELSE NULL::bigint
        END AS worker_key,
    claimed_at,
        CASE
            WHEN shown THEN progress_claimed
            ELSE NULL::bigint
        END AS progress_claimed,
    recruited_by,
        CASE
            WHEN shown THEN accounts
            ELSE NULL::text[]
        END AS accounts
   FROM (scheduler_jobs
     CROSS JOIN LATERAL ( SELECT ((accounts <@ accounts_in_scope()) IS TRUE) AS shown) rights);
GRANT SELECT ON runs_in_scope TO virtual_tagging_reader;

CREATE VIEW standing_decisions WITH (security_invoker=true) AS
 SELECT "timestamp",
    account_id,
    tag_key
   FROM ( SELECT id,
            xid,
            "timestamp",
            resource_id,
            resource_ref,
            cloud,
            account_id,
            resource_type,
            virtual_tag_id,
            action,
            tag_key,
            old_value,
            new_value,
            old_status,
            new_status,
            source,
            confidence,
            auto_applied,
            actor,
            reason,
            run_id,
            lead(action) OVER (PARTITION BY virtual_tag_id ORDER BY id) AS next
           FROM tag_audit
          WHERE ((action = ANY (ARRAY['APPROVED'::text, 'DENIED'::text, 'CREATED'::text, 'UNDONE'::text])) AND ("timestamp" >= (now() - '2 days'::interval)))) changes
  WHERE ((action = ANY (ARRAY['APPROVED'::text, 'DENIED'::text])) AND (next IS DISTINCT FROM 'UNDONE'::text));

CREATE VIEW tag_counts_now WITH (security_invoker=true) AS
 SELECT approval_status,
    account_id,
    tag_key,
    source,
    auto_applied,
    band,
    cloud,
    count
   FROM tag_counts
UNION ALL
 SELECT approval_status,
    account_id,
    tag_key,
    source,
    auto_applied,
    band,
    cloud,
    count
   FROM tag_count_deltas;
GRANT SELECT ON tag_counts_now TO virtual_tagging_reader;

CREATE VIEW tag_totals_now WITH (security_invoker=true) AS
 SELECT approval_status,
    tag_key,
    source,
    auto_applied,
    band,
    cloud,
    count
   FROM tag_totals
UNION ALL
 SELECT approval_status,
    tag_key,
    source,
    auto_applied,
    band,
    cloud,
    count
   FROM tag_count_deltas;

CREATE OR REPLACE FUNCTION accounts_in_scope()
 RETURNS text[]
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
    SELECT coalesce(nullif(current_setting('virtual_tagging.accounts', true), ''), '{}')::text[]
$function$;

CREATE OR REPLACE FUNCTION admin_changes_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'admin_changes is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $function$;

CREATE OR REPLACE FUNCTION api_tokens_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION calibration_check()
 RETURNS TABLE(counter text, cell text, counted bigint, present bigint)
 LANGUAGE sql
 STABLE
AS $function$
    WITH judged AS (
        SELECT account_id, concat_ws(' / ', tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED') AS cell, round(confidence * 1000000)::bigint AS confidence
          FROM virtual_tags WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV')),
    kept AS (
        SELECT 'calibration' AS counter, concat_ws(' / ', account_id, tag_key, source, band, audit_sample, decision_mode,
               approved) AS cell, count, confidence FROM calibration_counts_now
        UNION ALL
        SELECT 'calibration of all', concat_ws(' / ', tag_key, source, band, audit_sample, decision_mode, approved), count,
               confidence FROM calibration_totals_now),
    recount AS (
        SELECT 'calibration' AS counter, concat_ws(' / ', account_id, cell) AS cell, count(*) AS count,
               sum(confidence) AS confidence FROM judged GROUP BY 2
        UNION ALL
        SELECT 'calibration of all', cell, count(*), sum(confidence) FROM judged GROUP BY 2),
    kept_sums AS (SELECT counter, cell, sum(count) AS count, sum(confidence) AS confidence FROM kept GROUP BY 1, 2),
    figures AS (
        SELECT counter, cell, coalesce(k.count, 0) AS counted, coalesce(r.count, 0) AS present,
               coalesce(k.confidence, 0) AS counted_confidence, coalesce(r.confidence, 0) AS present_confidence
          FROM kept_sums k FULL JOIN recount r USING (counter, cell))
    SELECT counter, cell, counted::bigint, present::bigint FROM figures WHERE counted <> present
    UNION ALL
    SELECT counter || ', sum of confidences', cell, counted_confidence::bigint, present_confidence::bigint
      FROM figures WHERE counted_confidence <> present_confidence
$function$;

CREATE OR REPLACE FUNCTION calibration_fold(most integer)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    part bigint;
BEGIN
    WITH taken AS (DELETE FROM calibration_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM calibration_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO calibration_counts
            SELECT account_id, tag_key, source, band, audit_sample, decision_mode, approved, sum(count), sum(confidence)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7
            ON CONFLICT (account_id, tag_key, source, band, audit_sample, decision_mode, approved)
               DO UPDATE SET count = calibration_counts.count + excluded.count,
                             confidence = calibration_counts.confidence + excluded.confidence),
         totals AS (INSERT INTO calibration_totals
            SELECT tag_key, source, band, audit_sample, decision_mode, approved, sum(count), sum(confidence)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6
            ON CONFLICT (tag_key, source, band, audit_sample, decision_mode, approved)
               DO UPDATE SET count = calibration_totals.count + excluded.count,
                             confidence = calibration_totals.confidence + excluded.confidence)
    SELECT count(*) INTO part FROM taken;
    RETURN part;
END $function$;

CREATE OR REPLACE FUNCTION calibration_rebuild()
 RETURNS void
 LANGUAGE sql
AS $function$
    INSERT INTO calibration_counts
    SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
           approval_status = 'APPROVED', count(*), sum(round(confidence * 1000000)::bigint)
      FROM virtual_tags WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO calibration_totals
    SELECT tag_key, source, band, audit_sample, decision_mode, approved, sum(count), sum(confidence)
      FROM calibration_counts GROUP BY 1, 2, 3, 4, 5, 6;
$function$;

CREATE OR REPLACE FUNCTION confidence_band(confidence double precision)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN LEAST((floor((confidence * (20)::double precision)))::integer, 19);

CREATE OR REPLACE FUNCTION counters_check()
 RETURNS TABLE(counter text, cell text, counted bigint, present bigint)
 LANGUAGE sql
 STABLE
AS $function$
    WITH kept AS (
        SELECT 'tags' AS counter, concat_ws(' / ', approval_status, account_id, tag_key, source, auto_applied, band,
               cloud) AS cell, count FROM tag_counts_now
        UNION ALL
        SELECT 'all tags', concat_ws(' / ', approval_status, tag_key, source, auto_applied, band, cloud), count
          FROM tag_totals_now
        UNION ALL
        SELECT 'groups', concat_ws(' / ', tag_key, tag_value, source, evidence_signature), count
          FROM (TABLE group_counts UNION ALL TABLE group_count_deltas) g
        UNION ALL
        SELECT 'resources', concat_ws(' / ', account_id, cloud, resource_type, retired), count FROM resource_counts_now
        UNION ALL
        SELECT 'all resources', concat_ws(' / ', cloud, resource_type, retired), count FROM resource_totals_now
        UNION ALL
        SELECT 'decisions', concat_ws(' / ', minute, account_id, tag_key), count FROM decision_counts_now
         WHERE minute > now() - interval '1 day'
        UNION ALL
        SELECT 'tagged', concat_ws(' / ', account_id, cloud), count FROM tagged_counts
        UNION ALL
        SELECT 'tagged resource', t.resource_id::text, 1 FROM tagged_resources t
         WHERE NOT EXISTS (SELECT 1 FROM tagged_unsure u WHERE t.resource_id = ANY (u.resource_ids))),
    recount AS (
        SELECT 'tags' AS counter, concat_ws(' / ', approval_status, account_id, tag_key, source, auto_applied,
               confidence_band(confidence), cloud) AS cell, count(*) AS count FROM virtual_tags GROUP BY 2
        UNION ALL
        SELECT 'all tags', concat_ws(' / ', approval_status, tag_key, source, auto_applied,
               confidence_band(confidence), cloud), count(*) FROM virtual_tags GROUP BY 2
        UNION ALL
        SELECT 'groups', concat_ws(' / ', tag_key, tag_value, source, evidence_signature), count(*)
          FROM virtual_tags WHERE approval_status = 'PENDING' GROUP BY 2
        UNION ALL
        SELECT 'resources', concat_ws(' / ', account_id, cloud, resource_type, retired_at IS NOT NULL), count(*)
          FROM resources GROUP BY 2
        UNION ALL
        SELECT 'all resources', concat_ws(' / ', cloud, resource_type, retired_at IS NOT NULL), count(*)
          FROM resources GROUP BY 2
        UNION ALL
        SELECT 'decisions', concat_ws(' / ', date_trunc('minute', "timestamp"), account_id, tag_key), count(*)
          FROM standing_decisions WHERE true
           AND date_trunc('minute', "timestamp") > now() - interval '1 day' GROUP BY 2
        UNION ALL
        SELECT 'tagged', concat_ws(' / ', account_id, cloud), count(*) FROM tagged_resources GROUP BY 2
        UNION ALL
        SELECT 'tagged resource', r.id::text, 1 FROM resources r
         WHERE r.retired_at IS NULL
           AND EXISTS (SELECT 1 FROM virtual_tags t WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED')
           AND NOT EXISTS (SELECT 1 FROM tagged_unsure u WHERE r.id = ANY (u.resource_ids))),
    kept_sums AS (SELECT counter, cell, sum(count)::bigint AS count FROM kept GROUP BY 1, 2)
    SELECT counter, cell, coalesce(k.count, 0), coalesce(r.count, 0)
      FROM kept_sums k FULL JOIN recount r USING (counter, cell)
     WHERE coalesce(k.count, 0) <> coalesce(r.count, 0)
    UNION ALL SELECT * FROM calibration_check()
$function$;

CREATE OR REPLACE FUNCTION counters_fold()
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    most constant integer := 20000;
    folded bigint := 0;
    part bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('counters_fold')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (DELETE FROM tag_count_deltas WHERE ctid = ANY (ARRAY(SELECT ctid FROM tag_count_deltas LIMIT most))
            RETURNING *),
         sums AS (INSERT INTO tag_counts
            SELECT approval_status, account_id, tag_key, source, auto_applied, band, cloud, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(count) <> 0
            ON CONFLICT (account_id, approval_status, tag_key, source, auto_applied, band, cloud)
               DO UPDATE SET count = tag_counts.count + excluded.count),
         totals AS (INSERT INTO tag_totals
            SELECT approval_status, tag_key, source, auto_applied, band, cloud, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(count) <> 0
            ON CONFLICT (approval_status, tag_key, source, auto_applied, band, cloud)
               DO UPDATE SET count = tag_totals.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    folded := folded + part;
    WITH taken AS (DELETE FROM group_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM group_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO group_counts
            SELECT tag_key, tag_value, source, evidence_signature, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0
            ON CONFLICT (tag_key, tag_value, source, evidence_signature)
               DO UPDATE SET count = group_counts.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    folded := folded + part;
    WITH taken AS (DELETE FROM resource_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM resource_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO resource_counts
            SELECT account_id, cloud, resource_type, retired, sum(count)
              FROM taken GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0
            ON CONFLICT (account_id, cloud, resource_type, retired)
               DO UPDATE SET count = resource_counts.count + excluded.count),
         totals AS (INSERT INTO resource_totals
            SELECT cloud, resource_type, retired, sum(count) FROM taken GROUP BY 1, 2, 3 HAVING sum(count) <> 0
            ON CONFLICT (cloud, resource_type, retired)
               DO UPDATE SET count = resource_totals.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    folded := folded + part;
    WITH taken AS (DELETE FROM decision_count_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM decision_count_deltas LIMIT most)) RETURNING *),
         sums AS (INSERT INTO decision_counts
            SELECT minute, account_id, tag_key, sum(count) FROM taken GROUP BY 1, 2, 3
            ON CONFLICT (minute, account_id, tag_key) DO UPDATE SET count = decision_counts.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    RETURN folded + part + counters_fold_tagged(20) + calibration_fold(most);
END $function$;

CREATE OR REPLACE FUNCTION counters_fold_tagged(notes integer)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    part bigint;
BEGIN
    WITH taken AS (DELETE FROM tagged_unsure WHERE ctid = ANY (ARRAY(SELECT ctid FROM tagged_unsure LIMIT notes))
            RETURNING resource_ids),
         ids AS MATERIALIZED (SELECT DISTINCT id FROM taken, unnest(resource_ids) id),
         present AS MATERIALIZED (SELECT r.id, r.account_id, r.cloud FROM ids JOIN resources r USING (id)
             WHERE r.retired_at IS NULL AND EXISTS (SELECT 1 FROM virtual_tags t
                   WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED')),
         past AS MATERIALIZED (SELECT t.* FROM ids JOIN tagged_resources t ON t.resource_id = ids.id),
         gone AS (DELETE FROM tagged_resources t USING past WHERE t.resource_id = past.resource_id
             AND NOT EXISTS (SELECT 1 FROM present WHERE present.id = past.resource_id)),
         come AS (INSERT INTO tagged_resources AS t SELECT * FROM present
             ON CONFLICT (resource_id) DO UPDATE SET account_id = excluded.account_id, cloud = excluded.cloud
              WHERE (t.account_id, t.cloud) <> (excluded.account_id, excluded.cloud)),
         sums AS (INSERT INTO tagged_counts
            SELECT account_id, cloud, sum(n) FROM (SELECT account_id, cloud, 1 AS n FROM present
                   UNION ALL SELECT account_id, cloud, -1 FROM past) changes
             GROUP BY 1, 2 HAVING sum(n) <> 0
            ON CONFLICT (account_id, cloud) DO UPDATE SET count = tagged_counts.count + excluded.count)
    SELECT count(*) INTO part FROM taken;
    RETURN part;
END $function$;

CREATE OR REPLACE FUNCTION counters_rebuild()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    LOCK TABLE resources, virtual_tags IN SHARE MODE;
    TRUNCATE calibration_counts, calibration_totals, calibration_count_deltas, tag_counts, tag_totals, tag_count_deltas, group_counts, group_count_deltas, resource_counts, resource_totals,
        resource_count_deltas, decision_counts, decision_count_deltas, tagged_resources, tagged_counts, tagged_unsure;
    INSERT INTO tag_counts
    SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, count(*)
      FROM virtual_tags GROUP BY 1, 2, 3, 4, 5, 6, 7;
    INSERT INTO tag_totals
    SELECT approval_status, tag_key, source, auto_applied, band, cloud, sum(count)
      FROM tag_counts GROUP BY 1, 2, 3, 4, 5, 6;
    INSERT INTO group_counts
    SELECT tag_key, tag_value, source, evidence_signature, count(*)
      FROM virtual_tags WHERE approval_status = 'PENDING' GROUP BY 1, 2, 3, 4;
    INSERT INTO resource_counts
    SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, count(*) FROM resources GROUP BY 1, 2, 3, 4;
    INSERT INTO resource_totals
    SELECT cloud, resource_type, retired, sum(count) FROM resource_counts GROUP BY 1, 2, 3;
    INSERT INTO decision_counts
    SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*)
      FROM standing_decisions WHERE true AND "timestamp" >= now() - interval '2 days'
     GROUP BY 1, 2, 3;
    PERFORM calibration_rebuild();
    INSERT INTO tagged_resources
    SELECT r.id, r.account_id, r.cloud FROM resources r
     WHERE r.retired_at IS NULL AND EXISTS (SELECT 1 FROM virtual_tags t
           WHERE t.resource_id = r.id AND t.approval_status = 'APPROVED');
    INSERT INTO tagged_counts SELECT account_id, cloud, count(*) FROM tagged_resources GROUP BY 1, 2;
END $function$;

CREATE OR REPLACE FUNCTION coverage_rebuild()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    TRUNCATE coverage_unsure, coverage_cells, coverage_counts, coverage_totals, coverage_accounts;
    UPDATE coverage_state SET vocabulary = '';
END $function$;

CREATE OR REPLACE FUNCTION decision_items_follow_run()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    DELETE FROM decision_items WHERE run_id = OLD.id;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION engine_revisions_follow()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO engine_revisions (revision, raised_at) VALUES (NEW.revision, now()) ON CONFLICT DO NOTHING;
    DELETE FROM engine_revisions WHERE revision < NEW.revision - 1000;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION evaluations_note_coverage()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO coverage_unsure
    SELECT array_agg(n.resource_id) FROM new_rows n JOIN old_rows o ON o.resource_id = n.resource_id
     WHERE (n.stated, n.disputed, n.invalid) IS DISTINCT FROM (o.stated, o.disputed, o.invalid)
     GROUP BY n.resource_id / 1000;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION folded_type(resource_type text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(replace(lower((resource_type COLLATE "C")), '::'::text, '/'::text), '^aws/'::text, ''::text);

CREATE OR REPLACE FUNCTION refuse_out_of_scope()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    -- Once, not for each row.
    scope CONSTANT text[] := accounts_in_scope();
    stray text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT account_id INTO stray FROM old_rows WHERE account_id <> ALL (scope) LIMIT 1;
    END IF;
    IF TG_OP <> 'DELETE' AND stray IS NULL THEN
        SELECT account_id INTO stray FROM new_rows WHERE account_id <> ALL (scope) LIMIT 1;
    END IF;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION '% of % refused: a row is of account %, which is not in virtual_tagging.accounts',
            TG_OP, TG_TABLE_NAME, stray USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION refuse_suggestion_out_of_scope()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF NOT OLD.accounts <@ accounts_in_scope() THEN
        RAISE EXCEPTION '% of % refused: it is about accounts that are not in virtual_tagging.accounts',
            TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $function$;

CREATE OR REPLACE FUNCTION resource_id_end(resource_id text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN "substring"(resource_id, '[^/:]+$'::text);

CREATE OR REPLACE FUNCTION resources_counted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO resource_count_deltas
        SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, count(*) FROM new_rows GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO resource_count_deltas
        SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, -count(*) FROM old_rows GROUP BY 1, 2, 3, 4;
        INSERT INTO tagged_unsure SELECT array_agg(id) FROM old_rows GROUP BY id / 1000;
    ELSE
        INSERT INTO resource_count_deltas
        SELECT account_id, cloud, resource_type, retired, sum(n)
          FROM (SELECT account_id, cloud, resource_type, retired_at IS NOT NULL AS retired, 1 AS n FROM new_rows
                UNION ALL
                SELECT account_id, cloud, resource_type, retired_at IS NOT NULL, -1 FROM old_rows) changes
         GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
        -- Two resources may change places, so this cannot be told from the sums.
        INSERT INTO tagged_unsure
        SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.account_id, n.cloud, n.retired_at IS NULL) IS DISTINCT FROM (o.account_id, o.cloud, o.retired_at IS NULL)
         GROUP BY n.id / 1000;
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION resources_counted_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    TRUNCATE resource_counts, resource_totals, resource_count_deltas;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION resources_note_coverage()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO coverage_unsure SELECT array_agg(id) FROM new_rows GROUP BY id / 1000;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO coverage_unsure SELECT array_agg(id) FROM old_rows GROUP BY id / 1000;
    ELSE
        INSERT INTO coverage_unsure
        SELECT array_agg(n.id) FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.cloud, n.account_id, n.resource_type, n.retired_at IS NULL)
               IS DISTINCT FROM (o.cloud, o.account_id, o.resource_type, o.retired_at IS NULL)
         GROUP BY n.id / 1000;
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION resources_release_cost()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE cost_lines SET resource_id = NULL WHERE resource_id IS NOT NULL;
    ELSE
        UPDATE cost_lines SET resource_id = NULL WHERE resource_id IN (SELECT id FROM old_rows);
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION resources_truncate_coverage()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    TRUNCATE coverage_unsure, coverage_cells, coverage_counts, coverage_totals, coverage_accounts;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION rules_keep_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO rule_versions (rule_id, version, definition, changed_at, changed_by)
    VALUES (NEW.id, NEW.version, to_jsonb(NEW)
                - ARRAY['id', 'version', 'in_effect', 'created_at', 'created_by', 'updated_at', 'updated_by'],
            NEW.updated_at, NEW.updated_by);
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tag_audit_counted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO decision_count_deltas
    SELECT date_trunc('minute', "timestamp"), account_id, tag_key, count(*)
      FROM new_rows WHERE action IN ('APPROVED', 'DENIED') GROUP BY 1, 2, 3;
    -- In the account in which it was counted. What was made by hand was never counted.
    INSERT INTO decision_count_deltas
    SELECT date_trunc('minute', decided."timestamp"), decided.account_id, decided.tag_key, -count(*)
      FROM new_rows undone CROSS JOIN LATERAL (
          SELECT "timestamp", account_id, tag_key, action FROM tag_audit a
           WHERE a.virtual_tag_id = undone.virtual_tag_id AND a.id < undone.id
             AND a.action IN ('APPROVED', 'DENIED', 'CREATED') AND a."timestamp" >= now() - interval '2 days'
           ORDER BY a.id DESC LIMIT 1) decided
     WHERE undone.action = 'UNDONE' AND decided.action <> 'CREATED' GROUP BY 1, 2, 3;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tag_audit_make_partitions(ahead integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION tag_audit_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'tag_audit is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $function$;

CREATE OR REPLACE FUNCTION tag_audit_seals_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'tag_audit_seals is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $function$;

CREATE OR REPLACE FUNCTION tags_note_coverage()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO coverage_unsure
        SELECT array_agg(DISTINCT resource_id) FROM new_rows WHERE approval_status IN ('APPROVED', 'PENDING')
         GROUP BY resource_id / 1000;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO coverage_unsure
        SELECT array_agg(DISTINCT resource_id) FROM old_rows WHERE approval_status IN ('APPROVED', 'PENDING')
         GROUP BY resource_id / 1000;
    ELSE
        INSERT INTO coverage_unsure
        SELECT array_agg(DISTINCT n.resource_id) FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.approval_status, n.auto_applied, n.tag_key, n.tag_value, n.evidence_signature ^@ 'CONTRADICTS:')
               IS DISTINCT FROM
               (o.approval_status, o.auto_applied, o.tag_key, o.tag_value, o.evidence_signature ^@ 'CONTRADICTS:')
         GROUP BY n.resource_id / 1000;
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION virtual_tags_calibrated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO calibration_count_deltas
        SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED', count(*), sum(round(confidence * 1000000)::bigint)
          FROM new_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO calibration_count_deltas
        SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED', -count(*), -sum(round(confidence * 1000000)::bigint)
          FROM old_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV') GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ELSE
        INSERT INTO calibration_count_deltas
        SELECT account_id, tag_key, source, confidence_band(confidence), audit_sample, decision_mode,
               approval_status = 'APPROVED', sum(n), sum(n * round(confidence * 1000000)::bigint)
          FROM (SELECT account_id, tag_key, source, confidence, audit_sample, decision_mode, approval_status, 1 AS n
                  FROM new_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV')
                UNION ALL
                SELECT account_id, tag_key, source, confidence, audit_sample, decision_mode, approval_status, -1
                  FROM old_rows WHERE decision_mode IS NOT NULL AND source NOT IN ('MANUAL', 'CSV')) changes
         GROUP BY 1, 2, 3, 4, 5, 6, 7
        HAVING sum(n) <> 0 OR sum(n * round(confidence * 1000000)::bigint) <> 0;
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION virtual_tags_counted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tag_count_deltas
        SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, count(*)
          FROM new_rows GROUP BY 1, 2, 3, 4, 5, 6, 7;
        INSERT INTO group_count_deltas
        SELECT tag_key, tag_value, source, evidence_signature, count(*)
          FROM new_rows WHERE approval_status = 'PENDING' GROUP BY 1, 2, 3, 4;
        INSERT INTO tagged_unsure
        SELECT array_agg(resource_id) FROM new_rows WHERE approval_status = 'APPROVED' GROUP BY resource_id / 1000;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO tag_count_deltas
        SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, -count(*)
          FROM old_rows GROUP BY 1, 2, 3, 4, 5, 6, 7;
        INSERT INTO group_count_deltas
        SELECT tag_key, tag_value, source, evidence_signature, -count(*)
          FROM old_rows WHERE approval_status = 'PENDING' GROUP BY 1, 2, 3, 4;
        INSERT INTO tagged_unsure
        SELECT array_agg(resource_id) FROM old_rows WHERE approval_status = 'APPROVED' GROUP BY resource_id / 1000;
    ELSE
        INSERT INTO tag_count_deltas
        SELECT approval_status, account_id, tag_key, source, auto_applied, confidence_band(confidence), cloud, sum(n)
          FROM (SELECT approval_status, account_id, tag_key, source, auto_applied, confidence, cloud, 1 AS n
                  FROM new_rows
                UNION ALL
                SELECT approval_status, account_id, tag_key, source, auto_applied, confidence, cloud, -1
                  FROM old_rows) changes
         GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0;
        INSERT INTO group_count_deltas
        SELECT tag_key, tag_value, source, evidence_signature, sum(n)
          FROM (SELECT tag_key, tag_value, source, evidence_signature, 1 AS n
                  FROM new_rows WHERE approval_status = 'PENDING'
                UNION ALL
                SELECT tag_key, tag_value, source, evidence_signature, -1
                  FROM old_rows WHERE approval_status = 'PENDING') changes
         GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
        INSERT INTO tagged_unsure
        SELECT array_agg(resource_id)
          FROM (SELECT resource_id
                  FROM (SELECT resource_id, 1 AS n FROM new_rows WHERE approval_status = 'APPROVED'
                        UNION ALL
                        SELECT resource_id, -1 FROM old_rows WHERE approval_status = 'APPROVED') changes
                 GROUP BY resource_id HAVING sum(n) <> 0) resources
         GROUP BY resource_id / 1000;
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION virtual_tags_counted_truncate()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    TRUNCATE calibration_counts, calibration_totals, calibration_count_deltas, tag_counts, tag_totals, tag_count_deltas, group_counts, group_count_deltas, tagged_resources, tagged_counts,
        tagged_unsure;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION virtual_tags_follow_resources()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    -- Keys of resources.
    changed bigint[];
    moved   bigint[];
BEGIN
    SELECT array_agg(n.id) FILTER (WHERE n.account_id = o.account_id),
           array_agg(n.id) FILTER (WHERE n.account_id <> o.account_id)
      INTO changed, moved
      FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE (o.cloud, o.account_id, o.resource_type) IS DISTINCT FROM (n.cloud, n.account_id, n.resource_type);
    IF changed IS NOT NULL THEN
        UPDATE virtual_tags t SET cloud = r.cloud, resource_type = r.resource_type
          FROM resources r WHERE t.resource_id = ANY (changed) AND r.id = t.resource_id;
    END IF;
    IF moved IS NULL THEN
        RETURN NULL;
    END IF;
    -- Tags have the columns of the account that they leave still.
    INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
        old_value, old_status, source, confidence, auto_applied, actor, reason)
    SELECT t.resource_id, r.resource_id, t.cloud, t.account_id, t.resource_type, t.id, 'DELETED', t.tag_key,
           t.tag_value, t.approval_status, t.source, t.confidence, t.auto_applied, 'system:inventory',
           'the resource is reported in another account now'
      FROM virtual_tags t JOIN resources r ON r.id = t.resource_id
     WHERE t.resource_id = ANY (moved) ORDER BY t.id;
    WITH before AS (
        SELECT id, approval_status FROM virtual_tags WHERE resource_id = ANY (moved)),
    withdrawn AS (
        UPDATE virtual_tags t SET cloud = r.cloud, account_id = r.account_id, resource_type = r.resource_type,
               approval_status = 'SUPERSEDED', superseded_by = NULL, superseded_from = NULL, decided_by = NULL,
               decided_at = NULL, decision_reason = NULL, decision_mode = NULL, updated_at = now()
          FROM resources r WHERE t.resource_id = ANY (moved) AND r.id = t.resource_id
        RETURNING t.*, r.resource_id AS resource_ref)
    INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action, tag_key,
        new_value, new_status, source, confidence, auto_applied, actor, reason)
    SELECT t.resource_id, t.resource_ref, t.cloud, t.account_id, t.resource_type, t.id, 'WITHDRAWN', t.tag_key,
           t.tag_value, t.approval_status, t.source, t.confidence, t.auto_applied, 'system:inventory',
           'the resource was reported in another account before, where this tag was ' || lower(b.approval_status)
               || '; what was decided there does not hold here'
      FROM withdrawn t JOIN before b USING (id) ORDER BY t.id;
    RETURN NULL;
END $function$;
