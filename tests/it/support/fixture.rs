//! Fixture of most tests of the domain: a database of their own with resources and tags in it.

use crate::support::db::TestDb;
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value,
};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use tagging::{Thresholds, Vocabulary};
use virtual_tagging::auth::{AccountScope, Actor, Role};
use virtual_tagging::db::{Begin, sql};
use virtual_tagging::domain::audit::{self, AuditRow, Cause};
use virtual_tagging::domain::discovery::ResourceReport;
use virtual_tagging::domain::evaluation::{ChunkResult, EngineSettings, auto_tag, load_engine};
use virtual_tagging::domain::inventory::reconcile::{self, Reconciled};
use virtual_tagging::domain::rules::{self, RuleDraft, SavedRule};
use virtual_tagging::domain::{ApprovalStatus, AuditAction, Cloud};
use virtual_tagging::entities::{tag_audit, virtual_tag};

pub struct Fixture {
    pub pool: DatabaseConnection,
    /// For what callers limited to accounts read.
    pub scoped: DatabaseConnection,
    pub db: Arc<TestDb>,
}

impl Fixture {
    pub async fn new() -> Self {
        Self::on(Arc::new(TestDb::create().await)).await
    }

    /// On a database that services have, too.
    pub async fn on(db: Arc<TestDb>) -> Self {
        let pools = db.pools().await;
        Self {
            pool: pools.all,
            scoped: pools.scoped,
            db,
        }
    }

    /// Takes reports into the inventory; gives what it did and the keys.
    pub async fn report(&self, reports: &[ResourceReport]) -> (Reconciled, Vec<i64>) {
        let txn = self.pool.begin().await.unwrap();
        let done = reconcile::batch(&txn, "test", reports).await.unwrap();
        txn.commit().await.unwrap();
        done
    }

    /// The key of a new resource.
    pub async fn resource(&self, name: &str) -> i64 {
        self.report(&[resource(name)]).await.1[0]
    }

    /// A tag as if the engine had proposed it.
    pub async fn tag(&self, resource_id: i64, key: &str, value: &str, confidence: f64) -> i64 {
        let propose =
            "changed AS (INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence,
                auto_applied, approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
             SELECT id, $2, $3, 'PATTERN', $4, $4 >= 0.9, 'PENDING', '{}', 'PATTERN:test', cloud, account_id,
                resource_type FROM resources WHERE id = $1
             RETURNING *, 'PROPOSED'::text AS action, NULL::text AS old_value, NULL::text AS old_status)";
        let binds = vec![resource_id.into(), key.into(), value.into(), confidence.into()];
        let cause = Cause {
            actor: "system:test".into(),
            reason: None,
            run_id: None,
        };
        let txn = self.pool.begin().await.unwrap();
        let tags: Vec<virtual_tag::Model> = audit::with_trail(&txn, propose, binds, &cause).await.unwrap();
        txn.commit().await.unwrap();
        tags[0].id
    }

    /// The one number that a statement gives.
    pub async fn number(&self, statement: &str, binds: impl IntoIterator<Item = Value>) -> i64 {
        let row = sea_orm::ConnectionTrait::query_one_raw(&self.pool, sql::statement(statement, binds)).await;
        row.unwrap().expect("a row").try_get_by_index(0).unwrap()
    }

    pub async fn count(&self, from: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {from}"), []).await
    }

    pub async fn tags(&self) -> Vec<virtual_tag::Model> {
        virtual_tag::find(&AccountScope::All)
            .order_by_asc(virtual_tag::Column::Id)
            .all(&self.pool)
            .await
            .unwrap()
    }

    pub async fn tag_with_key(&self, key: &str) -> Option<virtual_tag::Model> {
        self.tags().await.into_iter().find(|tag| tag.tag_key == key)
    }

    pub async fn status(&self, tag: i64) -> ApprovalStatus {
        let found = virtual_tag::Entity::find_by_id(tag)
            .one(&self.pool)
            .await
            .unwrap();
        found.expect("the tag").approval_status
    }

    /// Audit rows after the proposals, in the order in which they were written.
    pub async fn trail(&self) -> Vec<AuditRow> {
        tag_audit::find(&AccountScope::All)
            .filter(tag_audit::Column::Action.ne(AuditAction::Proposed))
            .order_by_asc(tag_audit::Column::Id)
            .all(&self.pool)
            .await
            .unwrap()
    }

    /// Evaluates until nothing is due.
    pub async fn auto_tag(&self) -> ChunkResult {
        let loaded = load_engine(&self.pool, &settings()).await.unwrap();
        let cause = Cause {
            actor: "system:auto_tag".into(),
            reason: None,
            run_id: None,
        };
        let mut sum = ChunkResult::default();
        loop {
            let txn = self.pool.begin().await.unwrap();
            let chunk = auto_tag::chunk(&txn, &loaded, auto_tag::CHUNK, &cause)
                .await
                .unwrap();
            txn.commit().await.unwrap();
            if chunk.evaluated == 0 {
                return sum;
            }
            sum += chunk;
        }
    }

    /// The account with the most pending tags among those that have at most so many.
    pub async fn account_of_most_pending(&self, most: i64) -> String {
        #[derive(FromQueryResult)]
        struct Account {
            account_id: String,
        }
        let accounts = "SELECT account_id FROM virtual_tags WHERE approval_status = 'PENDING'
             GROUP BY account_id HAVING count(*) <= $1 ORDER BY count(*) DESC, account_id LIMIT 1";
        let accounts: Vec<Account> = sql::rows(&self.pool, accounts, [most.into()]).await.unwrap();
        accounts.into_iter().next().expect("an account").account_id
    }

    /// So many tags of a resource that wait, `key1` and so on.
    pub async fn add_tags(&self, resource: i64, count: i64) {
        let insert =
            "INSERT INTO virtual_tags (resource_id, tag_key, tag_value, source, confidence, auto_applied,
                approval_status, evidence, evidence_signature, cloud, account_id, resource_type)
             SELECT r.id, 'key' || n, 'value', 'PATTERN', 0.8, false, 'PENDING', '{}', 'PATTERN:test', cloud,
                account_id, resource_type
               FROM resources r, generate_series(1, $2) n WHERE r.id = $1";
        sql::execute(&self.pool, insert, [resource.into(), count.into()])
            .await
            .unwrap();
    }

    /// Creates a rule in the name of an admin.
    pub async fn create_rule(&self, draft: RuleDraft) -> SavedRule {
        let admin = actor("ada", Role::Admin);
        let created = rules::create(&self.pool, &admin, &vocabulary(), draft).await;
        created.unwrap()
    }

    /// Changes a rule, whatever its version is, in the name of an admin.
    pub async fn update_rule(&self, id: i64, change: impl FnOnce(&mut RuleDraft)) -> SavedRule {
        let admin = actor("ada", Role::Admin);
        let updated = rules::update(&self.pool, &admin, &vocabulary(), id, None, change).await;
        updated.unwrap()
    }

    /// Invariant after any operation: the trail of each tag leads to the state that it is in.
    pub async fn assert_trail_leads_to_tags(&self) {
        #[derive(Debug, FromQueryResult)]
        struct BrokenInvariantRow {
            #[expect(dead_code, reason = "shown when the test fails")]
            virtual_tag_id: i64,
        }
        let broken = "WITH last AS (SELECT DISTINCT ON (virtual_tag_id) * FROM tag_audit
                 ORDER BY virtual_tag_id, id DESC)
             SELECT coalesce(t.id, l.virtual_tag_id) AS virtual_tag_id
               FROM last l FULL JOIN virtual_tags t ON t.id = l.virtual_tag_id
              WHERE (t.approval_status, t.tag_value) IS DISTINCT FROM (l.new_status, l.new_value)
                AND NOT (t.id IS NULL AND l.action = 'DELETED')";
        let broken: Vec<BrokenInvariantRow> = sql::rows(&self.pool, broken, []).await.unwrap();
        assert!(broken.is_empty(), "{broken:?}");
    }
}

pub fn settings() -> EngineSettings {
    EngineSettings {
        vocabulary: Arc::new(Vocabulary::default()),
        live: virtual_tagging::domain::vocabulary::LiveVocabulary::default(),
        thresholds: Thresholds::default(),
        pinned_model: None,
        models: Arc::default(),
    }
}

/// The vocabulary that ships with the product.
pub fn shipped_vocabulary() -> &'static Vocabulary {
    static SHIPPED: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::default);
    &SHIPPED
}

pub fn resource(name: &str) -> ResourceReport {
    ResourceReport {
        unstated: virtual_tagging::domain::discovery::UnstatedFields::default(),
        resource_id: format!("arn:aws:sqs:eu-west-1:111122223333:{name}"),
        name: name.into(),
        cloud: Cloud::Aws,
        account_id: "111122223333".into(),
        resource_type: "sqs/queue".into(),
        region: Some("eu-west-1".into()),
        native_tags: BTreeMap::new(),
        created_at: None,
    }
}

pub fn actor(subject: &str, role: Role) -> Actor {
    Actor {
        subject: subject.into(),
        role,
        scope: AccountScope::All,
        expires_at: None,
    }
}

pub fn approver(subject: &str) -> Actor {
    actor(subject, Role::Approver)
}

/// An admin who may see one account.
pub fn limited(account: &str) -> Actor {
    Actor {
        subject: "limited".into(),
        role: Role::Admin,
        scope: AccountScope::Only(vec![account.into()]),
        expires_at: None,
    }
}

/// The vocabulary that ships with the product.
pub fn vocabulary() -> Vocabulary {
    Vocabulary::default()
}

pub fn rule(name: &str, condition: &str, key: &str, value: &str) -> RuleDraft {
    RuleDraft {
        rule_name: name.into(),
        description: String::new(),
        condition: condition.into(),
        tag_key: key.into(),
        tag_value: value.into(),
        priority: 100,
        confidence: 0.95,
        enabled: true,
        corrects: false,
        effective_from: None,
        effective_to: None,
    }
}
