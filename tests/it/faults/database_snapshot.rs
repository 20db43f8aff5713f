//! All that a database holds of resources, tags, their trail and their evaluations, but for numbers and times, so that
//! two databases can be compared.

use super::service_under_test::ServiceUnderTest;
use sea_orm::FromQueryResult;

const TABLES: [(&str, &str); 4] = [
    (
        "resources",
        "SELECT row(r.resource_id, r.name, r.cloud, r.account_id, r.resource_type, r.region, r.native_tags,
             r.created_at, r.discovered_by, r.retired_at IS NOT NULL, e.revision)::text AS text
           FROM resources r LEFT JOIN evaluations e ON e.resource_id = r.id",
    ),
    (
        "virtual_tags",
        "SELECT row(r.resource_id, t.tag_key, t.tag_value, t.source, t.confidence, t.auto_applied,
             t.approval_status, t.rule_id, t.evidence, t.evidence_signature, t.decided_by,
             t.decided_at IS NOT NULL, t.decision_reason, w.tag_value, t.superseded_from, t.cloud, t.account_id,
             t.resource_type)::text AS text
           FROM virtual_tags t JOIN resources r ON r.id = t.resource_id
           LEFT JOIN virtual_tags w ON w.id = t.superseded_by",
    ),
    (
        "tag_audit",
        "SELECT row(resource_ref, cloud, account_id, resource_type, action, tag_key, old_value, new_value,
             old_status, new_status, source, confidence, auto_applied, actor, reason, run_id IS NOT NULL)::text AS text
           FROM tag_audit",
    ),
    (
        "ml_inferences",
        "SELECT row(r.resource_id, m.model_version, m.revision, m.predictions)::text AS text
           FROM ml_inferences m JOIN resources r ON r.id = m.resource_id",
    ),
];

pub struct DatabaseSnapshot([Vec<String>; 4]);

impl DatabaseSnapshot {
    pub async fn of(under_test: &ServiceUnderTest) -> Self {
        #[derive(FromQueryResult)]
        struct Row {
            text: String,
        }
        let mut tables = [const { Vec::new() }; 4];
        for (table, (_, statement)) in tables.iter_mut().zip(TABLES) {
            let rows: Vec<Row> = under_test.rows(statement).await;
            table.extend(rows.into_iter().map(|row| row.text));
            table.sort_unstable();
        }
        Self(tables)
    }

    /// Fails with the first rows that are different.
    pub fn assert_equals(&self, undisturbed: &Self) {
        for ((is, should), (table, _)) in self.0.iter().zip(&undisturbed.0).zip(TABLES) {
            if is == should {
                eprintln!("  {table}: {} rows, as in the undisturbed run", is.len());
                continue;
            }
            let at = is.iter().zip(should).position(|(is, should)| is != should);
            let at = at.unwrap_or(is.len().min(should.len()));
            let rows = |of: &[String]| of[at..of.len().min(at + 3)].join("\n    ");
            panic!(
                "{table}: {} rows where the undisturbed run has {}\n  from\n    {}\n  on, there\n    {}",
                is.len(),
                should.len(),
                rows(is),
                rows(should)
            );
        }
    }

    pub fn rows(&self, table: &str) -> usize {
        let at = TABLES.iter().position(|(name, _)| *name == table);
        self.0[at.expect("such a table")].len()
    }
}

/// Each row of a tag's trail begins where the one before ended, and the last one leads to the tag.
pub async fn assert_trail_is_whole(under_test: &ServiceUnderTest) {
    let gaps = "SELECT count(*) FROM (SELECT old_status, old_value,
            lag(new_status) OVER by_tag AS status_before, lag(new_value) OVER by_tag AS value_before
          FROM tag_audit WINDOW by_tag AS (PARTITION BY virtual_tag_id ORDER BY id)) chain
        WHERE (old_status, old_value) IS DISTINCT FROM (status_before, value_before)";
    assert_eq!(under_test.number(gaps).await, Some(0), "the trail has gaps");
    let astray =
        "WITH last AS (SELECT DISTINCT ON (virtual_tag_id) * FROM tag_audit ORDER BY virtual_tag_id, id DESC)
        SELECT count(*) FROM last l FULL JOIN virtual_tags t ON t.id = l.virtual_tag_id
         WHERE (t.approval_status, t.tag_value) IS DISTINCT FROM (l.new_status, l.new_value)
           AND NOT (t.id IS NULL AND l.action = 'DELETED')";
    assert_eq!(
        under_test.number(astray).await,
        Some(0),
        "the trail leads elsewhere"
    );
}
