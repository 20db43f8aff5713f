//! Preview of a rule: its effect, before it is saved.

use super::compute::compute;
use super::difference::would_propose;
use super::dry_runs::DryRuns;
use super::engine::EngineSettings;
use super::subject::subject;
use crate::auth::{Actor, Role};
use crate::domain::rules::{RuleDraft, RuleRow, compile_row, list};
use crate::entities::{ApprovalStatus, resource, virtual_tag};
use crate::error::{Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tagging::rules::allowance::is_over;
use tagging::rules::{CompiledRule, RuleVerdict};
use tagging::{Engine, Subject, Vocabulary};

/// Resources read at once.
const PAGE: u64 = 1000;
/// Resources looked at, the newest first. A preview answers at once; on a larger inventory it is a sample.
const EXAMINED_MAX: usize = 20_000;
/// Time for looking at resources, after which what was looked at is the sample.
const TIME: Duration = Duration::from_secs(2);
/// Examples of each outcome.
const EXAMPLES: usize = 5;

/// Outcome for a resource that the rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PreviewOutcome {
    /// The resource would get a new proposal.
    NewTag,
    /// The value holds already.
    AlreadyHolds,
    /// Another value of the key is approved, or the resource's own tags state another: then the value is suggested as a
    /// contradiction.
    Conflict,
    /// A rule that goes first decides the key.
    Shadowed,
    /// Nothing would come of it: the confidence is too low, or the value was denied.
    NotProposed,
}

/// Overlap of the rule with another of the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// The other rule's key.
    pub rule_id: i64,
    pub rule_name: String,
    /// On this many resources.
    pub count: u64,
}

/// A resource that the rule matches.
#[derive(Clone, Debug)]
pub struct Example {
    pub resource: resource::Model,
    /// Value that the rule would propose.
    pub tag_value: String,
    pub outcome: PreviewOutcome,
}

/// Effect of a rule.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Resources looked at.
    pub examined: u64,
    /// These were all; otherwise the newest ones.
    pub complete: bool,
    /// Of the resources looked at.
    pub matches: u64,
    /// Resources on which the rule took too long and was given up.
    pub too_expensive: u64,
    pub outcomes: BTreeMap<PreviewOutcome, u64>,
    /// Rules that go first where both match.
    pub shadowed_by: Vec<Overlap>,
    /// Rules that this one goes before where both match.
    pub shadows: Vec<Overlap>,
    pub examples: Vec<Example>,
}

/// Tries a rule on the resources within the actor's scope and changes nothing. `replaces` is the rule that it would
/// take the place of. Needs [`Role::Approver`]. Refuses a rule that does not compile, with all that is wrong with it.
///
/// Previews are computation: a few go on at a time, and each looks at as many resources as it has time for.
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
    let settings = settings.clone();
    let began = Instant::now();
    let mut trial = compute(TIME, move || RuleTrial::new(&settings, &draft, replaces, rows)).await??;
    let mut before = i64::MAX;
    while trial.preview.examined < EXAMINED_MAX as u64 {
        let left = TIME.saturating_sub(began.elapsed());
        if left.is_zero() {
            break;
        }
        let page = page(db, actor, before).await?;
        let Some((last, _)) = page.last() else {
            trial.preview.complete = true;
            break;
        };
        before = last.id;
        trial = compute(left, move || trial.examine(page)).await??;
    }
    Ok(trial.end())
}

/// Resources before a key, each with its tags that were approved or denied, newest first.
async fn page(
    db: &DatabaseConnection,
    actor: &Actor,
    before: i64,
) -> Result<Vec<(resource::Model, Vec<virtual_tag::Model>)>> {
    let resources = resource::find(&actor.scope)
        .filter(resource::Column::RetiredAt.is_null())
        .filter(resource::Column::Id.lt(before))
        .order_by_desc(resource::Column::Id)
        .limit(PAGE)
        .all(db)
        .await?;
    let ids: Vec<i64> = resources.iter().map(|resource| resource.id).collect();
    let decided = virtual_tag::find(&actor.scope)
        .filter(
            virtual_tag::Column::ResourceId
                .into_expr()
                .eq(PgFunc::any(Expr::val(ids))),
        )
        .filter(
            virtual_tag::Column::ApprovalStatus.is_in([ApprovalStatus::Approved, ApprovalStatus::Denied]),
        );
    let mut tags: HashMap<i64, Vec<virtual_tag::Model>> = HashMap::new();
    for tag in decided.all(db).await? {
        tags.entry(tag.resource_id).or_default().push(tag);
    }
    let with_tags = |resource: resource::Model| {
        let tags = tags.remove(&resource.id).unwrap_or_default();
        (resource, tags)
    };
    Ok(resources.into_iter().map(with_tags).collect())
}

/// A rule on trial.
struct RuleTrial {
    /// With the rule and the others of its key.
    engine: Engine,
    vocabulary: Arc<Vocabulary>,
    rule: CompiledRule,
    /// The other enabled rules of the key, in order.
    others: Vec<CompiledRule>,
    /// By the other rule's key.
    overlaps: HashMap<i64, u64>,
    preview: Preview,
}

impl RuleTrial {
    fn new(
        settings: &EngineSettings,
        draft: &RuleDraft,
        replaces: Option<i64>,
        rows: Vec<RuleRow>,
    ) -> Result<Self> {
        // A new rule comes last among those of its priority.
        let rule = draft.compile(replaces.unwrap_or(i64::MAX), 0)?;
        let same_key = |row: &RuleRow| {
            row.enabled && row.in_effect && Some(row.id) != replaces && row.tag_key == rule.key
        };
        let mut others = Vec::new();
        for row in rows.into_iter().filter(same_key) {
            if is_over() {
                return Err(Error::BadInput(
                    "there are too many rules of this key to try one more".into(),
                ));
            }
            others.extend(compile_row(row).ok());
        }
        let rules = others.iter().chain([&rule]).cloned().collect();
        Ok(Self {
            engine: Engine::new(Arc::clone(&settings.vocabulary), rules, settings.thresholds),
            vocabulary: Arc::clone(&settings.vocabulary),
            rule,
            others,
            overlaps: HashMap::new(),
            preview: Preview::default(),
        })
    }

    fn examine(mut self, page: Vec<(resource::Model, Vec<virtual_tag::Model>)>) -> Result<Self> {
        for (resource, tags) in page {
            if is_over() {
                break;
            }
            self.preview.examined += 1;
            let subject = subject(resource.clone(), &tags)?;
            self.examine_one(resource, &subject, &tags);
        }
        Ok(self)
    }

    fn examine_one(&mut self, resource: resource::Model, subject: &Subject, tags: &[virtual_tag::Model]) {
        let input = self.engine.for_rules(subject).rule_input(&self.vocabulary);
        let value = match self.rule.apply(&input, &subject.name) {
            RuleVerdict::Value(value) => value,
            RuleVerdict::NoMatch => return,
            RuleVerdict::TooExpensive => {
                self.preview.too_expensive += 1;
                return;
            }
        };
        let value = self
            .vocabulary
            .known_value(&self.rule.key, &value)
            .map_or(value.clone(), str::to_owned);
        self.preview.matches += 1;
        let mut shadowed = false;
        for other in &self.others {
            if matches!(other.apply(&input, &subject.name), RuleVerdict::Value(_)) {
                *self.overlaps.entry(other.id).or_default() += 1;
                shadowed |= self.goes_after(other);
            }
        }
        let outcome = match subject.effective_tags(&self.vocabulary).get(&self.rule.key) {
            Some(held) if *held == value => PreviewOutcome::AlreadyHolds,
            _ if shadowed => PreviewOutcome::Shadowed,
            _ if subject.approved.contains_key(&self.rule.key) => PreviewOutcome::Conflict,
            held if would_propose(&self.engine, subject, tags, &self.rule.key, &value) => match held {
                Some(_) => PreviewOutcome::Conflict,
                None => PreviewOutcome::NewTag,
            },
            _ => PreviewOutcome::NotProposed,
        };
        let count = self.preview.outcomes.entry(outcome).or_default();
        *count += 1;
        if *count <= EXAMPLES as u64 {
            self.preview.examples.push(Example {
                resource,
                tag_value: value,
                outcome,
            });
        }
    }

    fn goes_after(&self, other: &CompiledRule) -> bool {
        other.rank() < self.rule.rank()
    }

    fn end(mut self) -> Preview {
        for other in &self.others {
            let Some(&count) = self.overlaps.get(&other.id) else {
                continue;
            };
            let overlap = Overlap {
                rule_id: other.id,
                rule_name: other.name.clone(),
                count,
            };
            if self.goes_after(other) {
                self.preview.shadowed_by.push(overlap);
            } else {
                self.preview.shadows.push(overlap);
            }
        }
        self.preview
    }
}
