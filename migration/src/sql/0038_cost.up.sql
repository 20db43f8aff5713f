-- Cost: what bills (FOCUS, CUR 2.0) say that resources cost, by month and currency. Amounts are exact, and never of another
-- type than numeric.

-- Bills that were imported: a provider's bill of a billing account for a billing period, which an import replaces as a whole.
CREATE TABLE cost_bills (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider           text NOT NULL,
    billing_account_id text NOT NULL,
    period_start       date NOT NULL,
    -- Import whose lines the bill has; NULL before the first one has ended.
    import_id          bigint,
    file_name          text,
    imported_by        text,
    imported_at        timestamptz,
    UNIQUE (provider, billing_account_id, period_start)
);

-- Charges of a bill, added up: one line for each resource that it names (and each account, region and service), month and
-- currency. Lines without a resource of the inventory are unallocated, and stay.
CREATE TABLE cost_lines (
    bill_id     bigint NOT NULL REFERENCES cost_bills (id) ON DELETE CASCADE,
    import_id   bigint NOT NULL,
    month       date NOT NULL CHECK (extract(day FROM month) = 1),
    currency    text NOT NULL,
    account_id  text NOT NULL,
    region      text,
    service     text,
    -- Resource as the bill names it; NULL for a charge of no resource, such as a tax.
    billed_id   text,
    -- Resource of the inventory. No foreign key, whose check would lock each resource; a trigger keeps it.
    resource_id bigint,
    amount      numeric NOT NULL,
    row_count   bigint NOT NULL
);
CREATE INDEX cost_lines_bill ON cost_lines (bill_id);
CREATE INDEX cost_lines_month ON cost_lines (month, account_id);
CREATE INDEX cost_lines_resource ON cost_lines (resource_id, month) WHERE resource_id IS NOT NULL;

-- Sums of the lines by account: reports find the months and currencies that there are without reading the lines.
CREATE TABLE cost_totals (
    bill_id     bigint NOT NULL REFERENCES cost_bills (id) ON DELETE CASCADE,
    account_id  text NOT NULL,
    month       date NOT NULL,
    currency    text NOT NULL,
    amount      numeric NOT NULL,
    -- The bill was imported after the month had ended.
    is_complete boolean NOT NULL,
    PRIMARY KEY (bill_id, account_id, month, currency)
);

-- Imports under way, and their rows, which are added up at the end. What an import that broke off left is deleted later.
CREATE TABLE cost_imports (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE cost_staged_rows (
    import_id          bigint NOT NULL,
    provider           text NOT NULL,
    billing_account_id text NOT NULL,
    period_start       date NOT NULL,
    month              date NOT NULL,
    currency           text NOT NULL,
    account_id         text NOT NULL,
    region             text,
    service            text,
    billed_id          text,
    amount             numeric NOT NULL,
    row_count          bigint NOT NULL
);
CREATE INDEX cost_staged_rows_import ON cost_staged_rows (import_id);

-- Last part of a resource's id: what bills call a resource that the inventory knows by its ARN.
CREATE FUNCTION resource_id_end(resource_id text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN substring(resource_id FROM '[^/:]+$');

-- Cost of deleted resources is unallocated.
CREATE FUNCTION resources_release_cost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE cost_lines SET resource_id = NULL WHERE resource_id IS NOT NULL;
    ELSE
        UPDATE cost_lines SET resource_id = NULL WHERE resource_id IN (SELECT id FROM old_rows);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER cost_delete AFTER DELETE ON resources REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION resources_release_cost();
CREATE TRIGGER cost_truncate AFTER TRUNCATE ON resources
    FOR EACH STATEMENT EXECUTE FUNCTION resources_release_cost();

-- Rows of accounts, for who may see them; bills are of all accounts.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['cost_lines', 'cost_totals'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY scope ON %I USING
            ((CASE WHEN account_id = ANY ((SELECT accounts_in_scope())::text[]) THEN true END) IS NOT NULL)', name);
        EXECUTE format('GRANT SELECT ON %I TO virtual_tagging_reader', name);
    END LOOP;
END $$;
ALTER TABLE cost_bills ENABLE ROW LEVEL SECURITY;
ALTER TABLE cost_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE cost_staged_rows ENABLE ROW LEVEL SECURITY;

-- Coverage by cost reads the states of resources.
CREATE POLICY scope ON coverage_cells USING
    ((CASE WHEN account_id = ANY ((SELECT accounts_in_scope())::text[]) THEN true END) IS NOT NULL);
CREATE POLICY scope ON coverage_keys USING (true);
GRANT SELECT ON coverage_cells, coverage_keys TO virtual_tagging_reader;

-- One job more, whichever there are.
DO $$
DECLARE
    jobs CONSTANT text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint
                            WHERE conrelid = 'scheduler_jobs'::regclass AND conname = 'scheduler_jobs_job_name_check');
BEGIN
    ALTER TABLE scheduler_jobs DROP CONSTRAINT scheduler_jobs_job_name_check;
    EXECUTE 'ALTER TABLE scheduler_jobs ADD CONSTRAINT scheduler_jobs_job_name_check '
        || replace(jobs, 'ARRAY[', 'ARRAY[''import_cost''::text, ');
END $$;
