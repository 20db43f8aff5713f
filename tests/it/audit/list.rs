//! Pages of the audit trail by each filter, beside all rows, looked through one by one.

use crate::support::fixture::{Fixture, approver, limited};
use crate::support::pages::{sorted, walk};
use chrono::TimeDelta;
use virtual_tagging::auth::{AccountScope, Actor};
use virtual_tagging::db::sql;
use virtual_tagging::domain::AuditAction;
use virtual_tagging::domain::audit::AuditRow;
use virtual_tagging::domain::audit::list::{self, AuditFilter, AuditOrder};
use virtual_tagging::entities::tag_audit;

/// Rows of two actors, one after the other, over three months.
async fn fill_trail(fixture: &Fixture) {
    let rows = "INSERT INTO tag_audit (\"timestamp\", resource_id, resource_ref, cloud, account_id, resource_type,
                virtual_tag_id, action, tag_key, source, confidence, auto_applied, actor)
         SELECT date_trunc('month', now()) + interval '10 days' + g * interval '1 hour', g % 17, 'r', 'aws',
                'account-' || g % 4, 'type', g % 31, CASE WHEN g < 900 THEN 'PROPOSED' WHEN g % 2 = 0 THEN 'APPROVED'
                ELSE 'DENIED' END, CASE WHEN g % 5 = 0 THEN 'team' ELSE 'owner' END, 'TYPE', 0.75, false,
                CASE WHEN g < 900 THEN 'system:auto_tag' ELSE 'ann' END
           FROM generate_series(0, 1199) g";
    sql::execute(&fixture.pool, rows, []).await.unwrap();
    sql::execute(&fixture.pool, "ANALYZE", []).await.unwrap();
}

#[tokio::test]
async fn the_trail_is_that_of_the_filter() {
    let fixture = Fixture::new().await;
    fill_trail(&fixture).await;
    let rows: Vec<AuditRow> = tag_audit::find(&AccountScope::All)
        .all(&fixture.pool)
        .await
        .unwrap();
    let all = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let middle = rows[0].timestamp + TimeDelta::hours(650);
    let filters = [
        all(),
        AuditFilter {
            actor: text("system:auto_tag"),
            ..all()
        },
        AuditFilter {
            actor: text("ann"),
            from: Some(middle),
            ..all()
        },
        AuditFilter {
            actor: text("system:auto_tag"),
            from: Some(middle),
            to: Some(middle + TimeDelta::hours(90)),
            ..all()
        },
        AuditFilter {
            actor: text("nobody"),
            ..all()
        },
        AuditFilter {
            tag_key: text("team"),
            to: Some(middle),
            ..all()
        },
        AuditFilter {
            action: Some(AuditAction::Denied),
            ..all()
        },
        AuditFilter {
            actor: text("ann"),
            tag_key: text("team"),
            action: Some(AuditAction::Approved),
            ..all()
        },
        AuditFilter {
            actor: text("system:auto_tag"),
            tag_key: text("nothing"),
            ..all()
        },
        AuditFilter {
            virtual_tag_id: Some(7),
            actor: text("ann"),
            ..all()
        },
        AuditFilter {
            resource_id: Some(3),
            ..all()
        },
    ];
    let takes = |filter: &AuditFilter, row: &AuditRow| {
        filter.actor.as_ref().is_none_or(|actor| *actor == row.actor)
            && filter.tag_key.as_ref().is_none_or(|key| *key == row.tag_key)
            && filter.action.is_none_or(|action| action == row.action)
            && filter.virtual_tag_id.is_none_or(|id| id == row.virtual_tag_id)
            && filter.resource_id.is_none_or(|id| id == row.resource_id)
            && filter.from.is_none_or(|from| row.timestamp >= from)
            && filter.to.is_none_or(|to| row.timestamp < to)
    };
    let two = AccountScope::Only(vec!["account-1".into(), "account-3".into()]);
    for scope in [AccountScope::All, limited("account-1").scope, two] {
        let actor = Actor {
            scope: scope.clone(),
            ..approver("ann")
        };
        for (filter, order) in filters
            .iter()
            .flat_map(|it| [(it, AuditOrder::Newest), (it, AuditOrder::Oldest)])
        {
            let of_filter = rows
                .iter()
                .filter(|row| scope.allows(&row.account_id) && takes(filter, row));
            let expected = sorted(order, of_filter.cloned().collect());
            for backward in [false, true] {
                let found = walk(order, 170, backward, async |window| {
                    list::list(&fixture.pool, &actor, filter, order, &window)
                        .await
                        .unwrap()
                });
                assert_eq!(
                    found.await,
                    expected,
                    "{filter:?} {scope:?} {order:?} backward: {backward}"
                );
            }
        }
    }
}
