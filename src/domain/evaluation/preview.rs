//! Preview of a rule: its effect, before it is saved.

use super::compute::compute;
use super::dry_runs::DryRuns;
use super::engine::EngineSettings;
use super::preview_trial::{Example, Overlap, PageMatches, PageOutcomes, PreviewOutcome, RuleTrial};
use super::scan::{ResourceScan, tags_of};
use crate::auth::{Actor, Role};
use crate::domain::rules::{RuleDraft, RuleWarning, list, warnings};
use crate::entities::{resource, virtual_tag};
use crate::error::{Error, Result};
use futures::{StreamExt, TryStreamExt, stream};
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, PaginatorTrait, QueryFilter, QueryOrder};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Matches whose outcome is looked at by one statement.
const PAGE: usize = 1_000;
/// Matches whose outcome is looked at; of more, the outcomes are those of a sample.
const EXAMINED_MAX: usize = 20_000;
/// Pages that are read or looked at at the same time.
const PAGES_AT_ONCE: usize = 3;
/// Time for finding what the rule matches, after which what was looked at is the sample.
const MATCH_TIME: Duration = Duration::from_millis(1_800);
/// Time for all of it.
const TIME: Duration = Duration::from_millis(2_500);

/// Effect of a rule.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Resources looked at.
    pub examined: u64,
    /// These were all; otherwise the newest ones.
    pub complete: bool,
    /// Of the resources looked at.
    pub matches: u64,
    /// Matches whose outcome was looked at: fewer than all are a sample that is spread evenly over them.
    pub outcomes_examined: u64,
    /// Resources on which the rule took too long and was given up.
    pub too_expensive: u64,
    pub outcomes: BTreeMap<PreviewOutcome, u64>,
    /// Rules that go first where both match.
    pub shadowed_by: Vec<Overlap>,
    /// Rules that this one goes before where both match.
    pub shadows: Vec<Overlap>,
    pub examples: Vec<Example>,
    /// Doubts about the rule.
    pub warnings: Vec<RuleWarning>,
}

/// Tries a rule on the resources within the actor's scope and changes nothing. `replaces` is the rule that it would
/// take the place of. Needs [`Role::Approver`]. Refuses a rule that does not compile, with all that is wrong with it.
///
/// Previews are computation: a few go on at a time. Each finds what the rule matches, then looks at what would come of it,
/// as far as time allows.
pub async fn preview(
    db: &DatabaseConnection,
    runs: &DryRuns,
    actor: &Actor,
    settings: &EngineSettings,
    draft: RuleDraft,
    replaces: Option<i64>,
) -> Result<Preview> {
    actor.require(Role::Approver)?;
    let _permit = runs.acquire(actor).await?;
    let rows = list::in_order(db, &actor.scope).await?;
    let (vocabulary, model) = runs.learned(settings).await?;
    let began = Instant::now();
    let thresholds = settings.thresholds;
    let trial = compute(TIME, move || {
        let warnings = warnings(&draft, &vocabulary);
        let trial = RuleTrial::new(&vocabulary, model, thresholds, draft, replaces, rows)?;
        Ok::<_, Error>((warnings, Arc::new(trial)))
    });
    let (warnings, trial) = trial.await??;
    let found = find_matches(db, actor, &trial, began).await?;
    let (examined, outcomes) = tokio::try_join!(
        examined(db, actor, &found),
        find_outcomes(db, actor, &trial, &found.ids, began)
    )?;
    let (shadowed_by, shadows) = trial.overlaps(&outcomes);
    Ok(Preview {
        examined,
        complete: found.is_complete,
        matches: found.ids.len() as u64,
        outcomes_examined: outcomes.counts.values().sum(),
        too_expensive: found.too_expensive,
        outcomes: outcomes.counts,
        shadowed_by,
        shadows,
        examples: outcomes.examples.into_values().flatten().collect(),
        warnings,
    })
}

/// Matches of a rule, as far as they were looked for.
#[derive(Default)]
struct FoundMatches {
    /// Resources that the rule matches, newest first.
    ids: Vec<i64>,
    /// Resource that was looked at last.
    last: Option<i64>,
    too_expensive: u64,
    is_complete: bool,
}

/// Finds what the rule matches, the newest first, until the time is over.
async fn find_matches(
    db: &DatabaseConnection,
    actor: &Actor,
    trial: &Arc<RuleTrial>,
    began: Instant,
) -> Result<FoundMatches> {
    let scan = ResourceScan::new(&actor.scope, &trial.conditions(), trial.value_reads());
    let matches = scan.pages(db).map_ok(|page| {
        let trial = Arc::clone(trial);
        async move {
            let left = MATCH_TIME.saturating_sub(began.elapsed());
            compute(left, move || trial.matches(page)).await?
        }
    });
    let mut pages = std::pin::pin!(matches.try_buffered(PAGES_AT_ONCE));
    let mut found = FoundMatches::default();
    while let Some(page) = pages.try_next().await? {
        let PageMatches {
            ids,
            last,
            too_expensive,
            is_whole,
        } = page;
        found.ids.extend(ids);
        found.last = last.or(found.last);
        found.too_expensive += too_expensive;
        if !is_whole {
            return Ok(found);
        }
    }
    found.is_complete = true;
    Ok(found)
}

/// Finds what would come of the rule on the resources that it matches, until the time is over; of very many, on a sample.
async fn find_outcomes(
    db: &DatabaseConnection,
    actor: &Actor,
    trial: &Arc<RuleTrial>,
    matches: &[i64],
    began: Instant,
) -> Result<PageOutcomes> {
    let outcomes = stream::iter(samples(matches)).map(|ids| async move {
        if began.elapsed() >= TIME {
            return Ok(PageOutcomes::default());
        }
        let page = with_tags(db, actor, &ids).await?;
        let (left, trial) = (TIME.saturating_sub(began.elapsed()), Arc::clone(trial));
        compute(left, move || trial.outcomes(page)).await?
    });
    let add = async |mut sum: PageOutcomes, page: PageOutcomes| {
        sum.add(page);
        Ok(sum)
    };
    outcomes
        .buffered(PAGES_AT_ONCE)
        .try_fold(PageOutcomes::default(), add)
        .await
}

/// Pages of matches whose outcomes are to be found. They are spread evenly over the matches, each page by itself, too: the
/// first ones tell of all.
fn samples(matches: &[i64]) -> Vec<Vec<i64>> {
    let count = matches.len().min(EXAMINED_MAX);
    let pages = count.div_ceil(PAGE);
    let sample = |page: usize| {
        let places = (page..count).step_by(pages);
        places
            .filter_map(|place| matches.get(place * matches.len() / count))
            .copied()
            .collect()
    };
    (0..pages).map(sample).collect()
}

/// Number of the resources that were looked at, those among them that PostgreSQL left out.
async fn examined(db: &DatabaseConnection, actor: &Actor, found: &FoundMatches) -> Result<u64> {
    let from = match found.last {
        _ if found.is_complete => 0,
        Some(last) => last,
        None => return Ok(0),
    };
    let counted = resource::find(&actor.scope)
        .filter(resource::Column::RetiredAt.is_null())
        .filter(resource::Column::Id.gte(from));
    Ok(counted.count(db).await?)
}

/// Resources with their tags, newest first.
async fn with_tags(
    db: &DatabaseConnection,
    actor: &Actor,
    ids: &[i64],
) -> Result<Vec<(resource::Model, Vec<virtual_tag::Model>)>> {
    let resources = resource::find(&actor.scope)
        .filter(
            resource::Column::Id
                .into_expr()
                .eq(PgFunc::any(Expr::val(ids.to_vec()))),
        )
        .order_by_desc(resource::Column::Id)
        .all(db)
        .await?;
    let mut tags = tags_of(db, &actor.scope, &resources).await?;
    let with_tags = |resource: resource::Model| {
        let tags = tags.remove(&resource.id).unwrap_or_default();
        (resource, tags)
    };
    Ok(resources.into_iter().map(with_tags).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_each_match_once_and_the_first_of_many_tell_of_all() {
        assert!(samples(&[]).is_empty());
        let few: Vec<i64> = (0..2_500).collect();
        let mut all = samples(&few).concat();
        assert_eq!((samples(&few).len(), all.len()), (3, 2_500));
        all.sort_unstable();
        assert_eq!(all, few);

        let many: Vec<i64> = (0..1_000_000).collect();
        let pages = samples(&many);
        assert_eq!((pages.len(), pages.concat().len()), (20, EXAMINED_MAX));
        for page in pages {
            assert!(page[0] < 1_000 && page[PAGE - 1] >= 999_000);
            assert!(page.is_sorted_by(|a, b| a < b));
        }
    }
}
