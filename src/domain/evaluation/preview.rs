//! Preview of a rule: its effect, before it is saved.

use super::compute::compute;
use super::difference::would_propose;
use super::dry_runs::DryRuns;
use super::engine::EngineSettings;
use super::scan::{ResourceScan, tags_of};
use super::subject::subject;
use crate::auth::{Actor, Role};
use crate::domain::rules::{RuleDraft, RuleRow, RuleWarning, compile_row, list, warnings};
use crate::entities::{ApprovalStatus, resource, virtual_tag};
use crate::error::{Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, extension::postgres::PgFunc};
use sea_orm::{ColumnTrait, DatabaseConnection, PaginatorTrait, QueryFilter, QueryOrder};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tagging::rules::allowance::is_over;
use tagging::rules::{CompiledRule, RuleVerdict, SubjectView};
use tagging::{Engine, Subject, Vocabulary};

/// Matches whose outcome is looked at by one statement.
const PAGE: usize = 1_000;
/// Matches whose outcome is looked at; of more, the outcomes are those of a sample.
const EXAMINED_MAX: usize = 20_000;
/// Time for finding what the rule matches, after which what was looked at is the sample.
const MATCH_TIME: Duration = Duration::from_millis(1_800);
/// Time for all of it.
const TIME: Duration = Duration::from_millis(2_500);
/// Examples of each outcome.
const EXAMPLES: usize = 5;

/// Outcome for a resource that the rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PreviewOutcome {
    /// The resource would get a new proposal.
    NewTag,
    /// The proposal would take the place of another one.
    Change,
    /// The value waits for a decision already.
    AlreadyProposed,
    /// The value holds already.
    AlreadyHolds,
    /// Another value of the key is approved.
    Conflict,
    /// The resource's own tags state another value: if the rule is sure, its value is suggested as a contradiction.
    NativeConflict,
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
    /// Matches whose outcome was looked at, the newest ones: fewer than all matches are a sample.
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
    let settings = settings.clone();
    let began = Instant::now();
    let mut trial = compute(TIME, move || RuleTrial::new(&settings, &draft, replaces, rows)).await??;
    trial = find_matches(db, actor, trial, began).await?;
    trial.preview.examined = examined(db, actor, &trial).await?;
    for ids in trial.matching.clone().chunks(PAGE).take(EXAMINED_MAX / PAGE) {
        let left = TIME.saturating_sub(began.elapsed());
        if left.is_zero() {
            break;
        }
        let page = with_tags(db, actor, ids).await?;
        trial = compute(left, move || trial.examine(page)).await??;
    }
    Ok(trial.end())
}

/// Finds what the rule matches, the newest first, until the time is over.
async fn find_matches(
    db: &DatabaseConnection,
    actor: &Actor,
    mut trial: RuleTrial,
    began: Instant,
) -> Result<RuleTrial> {
    let also = trial.rule.value.reads();
    let conditions = [trial.rule.condition.clone()];
    let scan = ResourceScan::new(&actor.scope, &conditions, also);
    let mut page = scan.page(db, i64::MAX).await?;
    loop {
        let left = MATCH_TIME.saturating_sub(began.elapsed());
        let Some(&(last, _)) = page.subjects.last() else {
            trial.preview.complete = true;
            return Ok(trial);
        };
        let has_more = page.has_more;
        // The next page is read while this one is looked at.
        let next = async {
            if has_more {
                scan.page(db, last).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let matched = compute(left, move || trial.match_page(page.subjects));
        let (matched, next) = tokio::join!(matched, next);
        trial = matched?;
        match next? {
            _ if trial.last != Some(last) => return Ok(trial),
            Some(next) => page = next,
            None => {
                trial.preview.complete = true;
                return Ok(trial);
            }
        }
    }
}

/// Number of the resources that were looked at, those among them that PostgreSQL left out.
async fn examined(db: &DatabaseConnection, actor: &Actor, trial: &RuleTrial) -> Result<u64> {
    let (complete, last) = (trial.preview.complete, trial.last);
    let from = match last {
        _ if complete => 0,
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
    /// Resources that the rule matches.
    matching: Vec<i64>,
    /// Resource that was looked at last.
    last: Option<i64>,
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
        let rule = draft
            .clone()
            .normalised(&settings.vocabulary())
            .compile(replaces.unwrap_or(i64::MAX), 0)?;
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
            engine: Engine::new(settings.vocabulary(), rules, settings.thresholds),
            vocabulary: settings.vocabulary(),
            rule,
            others,
            overlaps: HashMap::new(),
            matching: Vec::new(),
            last: None,
            preview: Preview {
                warnings: warnings(draft, &settings.vocabulary()),
                ..Preview::default()
            },
        })
    }

    /// Tries the rule on resources, until the time is over.
    fn match_page(mut self, page: Vec<(i64, Subject)>) -> Self {
        let reads_tags = self.rule.condition.reads().contains("tags");
        for (id, subject) in page {
            if is_over() {
                break;
            }
            self.last = Some(id);
            let effective = reads_tags.then(|| self.engine.tags_for_rules(&subject));
            let input = subject.condition_input(effective.as_ref());
            match self.rule.apply(&input, &subject) {
                RuleVerdict::Value(_) => self.matching.push(id),
                RuleVerdict::NoMatch => {}
                RuleVerdict::TooExpensive => self.preview.too_expensive += 1,
            }
        }
        self.preview.matches = self.matching.len() as u64;
        self
    }

    /// Looks at what would come of the rule on resources that it matches, until the time is over.
    fn examine(mut self, page: Vec<(resource::Model, Vec<virtual_tag::Model>)>) -> Result<Self> {
        for (resource, tags) in page {
            if is_over() {
                break;
            }
            let subject = subject(resource.clone(), &tags)?;
            self.examine_one(resource, &subject, &tags);
        }
        Ok(self)
    }

    fn examine_one(&mut self, resource: resource::Model, subject: &Subject, tags: &[virtual_tag::Model]) {
        let seen = self.engine.tags_for_rules(subject);
        let input = subject.condition_input(Some(&seen));
        // It may have changed since it was found.
        let RuleVerdict::Value(value) = self.rule.apply(&input, subject) else {
            return;
        };
        let value = self.vocabulary.canonical(&self.rule.key, &value).value;
        let view = SubjectView {
            subject,
            effective: Some(&seen),
        };
        let mut shadowed = false;
        for other in self
            .others
            .iter()
            .filter(|other| other.condition.requirement().allows(&view))
        {
            if matches!(other.apply(&input, subject), RuleVerdict::Value(_)) {
                *self.overlaps.entry(other.id).or_default() += 1;
                shadowed |= self.goes_after(other);
            }
        }
        let is_pending = |tag: &virtual_tag::Model| {
            tag.approval_status == ApprovalStatus::Pending
                && tag.tag_key == self.rule.key
                && tag.tag_value == value
        };
        let outcome = match subject.effective_tags(&self.vocabulary).get(&self.rule.key) {
            _ if !shadowed && tags.iter().any(is_pending) => PreviewOutcome::AlreadyProposed,
            Some(held) if *held == value => PreviewOutcome::AlreadyHolds,
            _ if shadowed => PreviewOutcome::Shadowed,
            _ if subject.approved.contains_key(&self.rule.key) => PreviewOutcome::Conflict,
            held => self.outcome(subject, tags, &value, held.is_some()),
        };
        self.preview.outcomes_examined += 1;
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

    /// Outcome where neither a decision nor another rule comes first.
    fn outcome(
        &self,
        subject: &Subject,
        tags: &[virtual_tag::Model],
        value: &str,
        is_held: bool,
    ) -> PreviewOutcome {
        let replaced = |tag: &virtual_tag::Model| {
            tag.approval_status == ApprovalStatus::Pending
                && tag.tag_key == self.rule.key
                && tag.tag_value != value
        };
        let is_proposed = would_propose(&self.engine, subject, tags, &self.rule.key, value);
        if is_proposed && tags.iter().any(replaced) {
            PreviewOutcome::Change
        } else if is_held && !self.rule.corrects {
            PreviewOutcome::NativeConflict
        } else if is_proposed {
            PreviewOutcome::NewTag
        } else {
            PreviewOutcome::NotProposed
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
