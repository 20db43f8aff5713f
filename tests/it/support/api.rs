//! The GraphQL schema over a database of a test's own, executed without HTTP.

use crate::support::fixture::Fixture;
use async_graphql::{Request, Response, Variables};
use serde_json::{Value, json};
use std::sync::Arc;
use tagging::Thresholds;
use tokio_util::sync::CancellationToken;
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::clock::SystemClock;
use virtual_tagging::db::ReadPool;
use virtual_tagging::db::keyset::PageLimits;
use virtual_tagging::db::sql;
use virtual_tagging::domain::coverage;
use virtual_tagging::domain::evaluation::{DryRuns, EngineSettings};
use virtual_tagging::domain::events::{EventListener, Feed};
use virtual_tagging::graphql::execution::{annotate_errors, execute};
use virtual_tagging::graphql::schema::{Schema, build};
use virtual_tagging::graphql::state::{RequestId, Services};
use virtual_tagging::jobs::{self, setup};

/// The schema over a database of its own.
pub struct Api {
    pub fixture: Fixture,
    pub services: Services,
    pub schema: Schema,
}

impl Api {
    pub async fn new() -> Self {
        let fixture = Fixture::new().await;
        setup(&fixture.pool).await.unwrap();
        let listener = EventListener::default();
        let services = Services {
            db: fixture.pool.clone(),
            reads: ReadPool::all(fixture.pool.clone()),
            scoped: ReadPool::scoped(fixture.scoped.clone()),
            clock: Arc::new(SystemClock),
            page_limits: PageLimits::default(),
            dry_runs: Arc::new(DryRuns::new(fixture.pool.clone())),
            engine: EngineSettings {
                vocabulary: Arc::default(),
                live: virtual_tagging::domain::vocabulary::LiveVocabulary::default(),
                thresholds: Thresholds::default(),
                pinned_model: None,
                models: Arc::default(),
            },
            jobs: jobs::definitions(),
            sources: vec!["simulated".into()],
            tag_feed: Feed::open(fixture.pool.clone(), &listener).await.unwrap(),
            resource_feed: Feed::open(fixture.pool.clone(), &listener).await.unwrap(),
            run_watcher: virtual_tagging::runs::RunWatcher::default(),
        };
        Self {
            schema: build(services.clone()),
            fixture,
            services,
        }
    }

    /// Resources of two accounts, each with three tags that wait, made by rules, with trail and evaluations; a run
    /// with refused lines. All of it looks the same each time.
    pub async fn with_rows(resources: u32) -> Self {
        let api = Self::new().await;
        for statement in ROWS {
            sql::execute(&api.fixture.pool, statement, [i64::from(resources).into()])
                .await
                .unwrap();
        }
        coverage::count(&api.fixture.pool, &api.services.engine)
            .await
            .unwrap();
        sql::execute(&api.fixture.pool, COVERAGE_OF_TODAY, [])
            .await
            .unwrap();
        api
    }

    /// Follows the logs, as the service does: what transactions of other tests hold back comes after them.
    pub fn follow(&self) {
        let never = CancellationToken::new();
        tokio::spawn(self.services.tag_feed.clone().run(never.clone()));
        tokio::spawn(self.services.resource_feed.clone().run(never));
    }

    pub async fn answer_to(&self, actor: Option<Actor>, query: &str, variables: Value) -> Response {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let id = RequestId("test".into());
        let mut response = execute(&self.schema, &self.services, request, actor, id.clone()).await;
        annotate_errors(&mut response, &id);
        response
    }

    /// The whole answer for an admin, errors included.
    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        let response = self
            .answer_to(Some(actor(Role::Admin, AccountScope::All)), query, variables)
            .await;
        serde_json::to_value(response).unwrap()
    }

    /// The data for an admin; there must be no errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.answer(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].take()
    }

    /// The data of a query without variables.
    pub async fn ask(&self, query: &str) -> Value {
        self.data(query, json!({})).await
    }
}

pub fn actor(role: Role, scope: AccountScope) -> Actor {
    Actor {
        subject: "ada".into(),
        role,
        scope,
        expires_at: None,
    }
}

const COVERAGE_OF_TODAY: &str =
    "INSERT INTO coverage_days (day, tag_key, cloud, account_id, native, approved, pending, suggested, missing, invalid,
         contradicted)
     SELECT current_date, tag_key, cloud, account_id, native, approved, pending, suggested, missing, invalid, contradicted
       FROM coverage_accounts";

/// `$1` is how many resources.
const ROWS: [&str; 14] = [
    "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at,
            discovered_by, first_seen_at, last_seen_at)
     SELECT 'arn:' || n, 'prod-web-' || n, (ARRAY['aws', 'gcp', 'azure'])[n % 3 + 1], 'account-' || n % 2,
            'instance', 'north', jsonb_build_object('Env', 'prd'), '2024-01-01T00:00:00Z'::timestamptz + n * '1 h'::interval,
            'test', '2024-02-01T00:00:00Z', '2024-02-02T00:00:00Z'
       FROM generate_series(1, $1) n",
    "INSERT INTO rules (rule_name, condition, tag_key, tag_value, priority, confidence, created_by, updated_by)
     SELECT 'rule ' || n, 'resource.cloud == ''aws''', 'team', 'team-' || n, n / 2, 0.9, 'ada', 'ada'
       FROM generate_series(1, $1) n",
    "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied, approval_status,
            rule_id, evidence, evidence_signature, created_at, updated_at, cloud, account_id, resource_type)
     SELECT r.id, k.key, 'value-' || r.id % 7, 'RULE', (r.id * k.n % 5) / 10.0 + 0.55, r.id * k.n % 5 = 4, 'PENDING',
            (SELECT min(id) FROM rules) + r.id % $1, '{\"reason\": \"a test\"}', 'RULE:' || r.id % 4,
            '2024-03-01T00:00:00Z'::timestamptz + r.id % 3 * '1 h'::interval, '2024-03-02T00:00:00Z',
            r.cloud, r.account_id, r.resource_type
       FROM resources r CROSS JOIN (VALUES (1, 'environment'), (2, 'team'), (3, 'owner')) k(n, key) WHERE r.id <= $1",
    "INSERT INTO tag_audit (resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action,
            tag_key, new_value, new_status, source, confidence, auto_applied, actor)
     SELECT t.resource_id, r.resource_id, t.cloud, t.account_id, t.resource_type, t.id, 'PROPOSED', t.tag_key,
            t.tag_value, 'PENDING', t.source, t.confidence, t.auto_applied, 'system:auto_tag'
       FROM virtual_tags t JOIN resources r ON r.id = t.resource_id WHERE t.id <= $1 * 3",
    "INSERT INTO ml_inferences (resource_id, model_version, revision, predictions)
     SELECT r.id, 'test', n, '[]' FROM resources r CROSS JOIN generate_series(1, 2) n WHERE r.id <= $1",
    "INSERT INTO scheduler_jobs (job_name, status, requested_by, created_at, run_at)
     SELECT 'import', 'SUCCEEDED', 'ada', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z' FROM generate_series(1, $1)",
    "INSERT INTO import_rejections (run_id, line, reason)
     SELECT j.id, n, 'no' FROM scheduler_jobs j CROSS JOIN generate_series(1, 3) n WHERE j.id <= $1",
    "INSERT INTO decision_items (run_id, position, resource_id, virtual_tag_id, account_id, seen_at)
     SELECT j.id, n, t.resource_id, t.id, t.account_id, t.updated_at
       FROM scheduler_jobs j CROSS JOIN generate_series(1, 3) n JOIN virtual_tags t ON t.id = n WHERE j.id <= $1",
    "INSERT INTO admin_changes (actor, action, subject_type, subject_name, after)
     SELECT 'ada', 'CREATED', 'RULE', 'rule ' || n, '{}' FROM generate_series(1, $1) n",
    "INSERT INTO api_tokens (public_id, secret_hash, name, role, created_by, expires_at)
     SELECT lpad(to_hex(n), 16, '0'), sha256(n::text::bytea), 'script ' || n, 'viewer', 'ada', now() + '1 h'::interval
       FROM generate_series(1, $1) n",
    "INSERT INTO rule_suggestions (pattern_key, pattern, condition, description, accounts, resource_count, gain, tags,
            tag_keys, signature, samples)
     SELECT 'pattern ' || n,
            jsonb_build_array(jsonb_build_object('kind', 'account', 'account_id', 'account-' || n % 2)),
            'resource.account_id == ''account-' || n % 2 || '''', 'resources in account-' || n % 2,
            ARRAY['account-' || n % 2], $1 / 2, n,
            jsonb_build_array(jsonb_build_object('key', 'owner', 'value', 'ada', 'agreeing', 3, 'contradicting', 0,
                'open', 5, 'precision_lower_bound', 0.5, 'conflicts', '[]'::jsonb)),
            ARRAY['owner'], 'signature ' || n,
            ARRAY(SELECT id FROM resources WHERE account_id = 'account-' || n % 2 ORDER BY id LIMIT 5)
       FROM generate_series(1, $1) n",
    "INSERT INTO models (status, status_reason, window_end, window_xid, resource_count, native_labels, decided_labels,
            rule_labels, denied_labels, seed, vocabulary, metrics, byte_count)
     SELECT 'REJECTED', 'a test', now(), '1', 1, 1, 1, 1, 1, 1, 'a vocabulary',
            '[{\"key\": \"team\", \"support\": 1, \"coverage90\": 1, \"precision90\": 1, \"coverage70\": 0, \"precision70\": null,
               \"ece\": 0, \"brier\": 0, \"reliability\": []}]', 0
       FROM generate_series(1, $1) n",
    "WITH source AS (INSERT INTO discovery_sources (name, reported_at) VALUES ('simulated', now()) RETURNING id),
     provider AS (
        INSERT INTO discovery_providers (name, source_id, account_id, attempted_at, error, withheld, withheld_of, withheld_at)
        SELECT 'simulated:account-' || n, source.id, 'account-' || n, now(), 'account-0 is closed',
               ARRAY(SELECT id FROM resources WHERE account_id = 'account-0' LIMIT 3), 3, now()
          FROM source CROSS JOIN generate_series(0, 1) n)
     INSERT INTO discovery_accounts (run_id, source_id, provider, account_id, coverage, reasons, resource_count, is_current)
     SELECT j.id, source.id, 'simulated:account-' || n % 2, 'account-' || n % 2, 'PARTIAL', '{a test}', n, j.id = 1
       FROM source CROSS JOIN scheduler_jobs j CROSS JOIN generate_series(1, CASE j.id WHEN 1 THEN $1 ELSE 3 END) n",
    "WITH bill AS (
        INSERT INTO cost_bills (provider, billing_account_id, period_start, import_id, imported_at)
        VALUES ('AWS', '999', '2024-09-01', 1, '2024-10-02T00:00:00Z') RETURNING id),
     lines AS (
        INSERT INTO cost_lines (bill_id, import_id, month, currency, account_id, billed_id, resource_id, amount, row_count)
        SELECT bill.id, 1, '2024-09-01', CASE r.account_id WHEN 'account-0' THEN 'EUR' ELSE 'USD' END, r.account_id, r.resource_id, CASE WHEN r.id % 3 > 0 THEN r.id END, r.id, 1
          FROM bill CROSS JOIN resources r WHERE r.id <= $1 RETURNING *)
     INSERT INTO cost_totals (bill_id, account_id, month, currency, amount, is_complete)
     SELECT bill_id, account_id, month, currency, sum(amount), true FROM lines GROUP BY 1, 2, 3, 4",
];
