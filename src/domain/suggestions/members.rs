//! Members of suggestions: the resources that match a pattern now.
//!
//! PostgreSQL looks up what its indexes know of a pattern; the pattern itself decides on what it finds.

use super::{Suggestion, list};
use crate::auth::AccountScope;
use crate::db::keyset::{Key, Page, Window};
use crate::db::sql;
use crate::domain::evaluation::subject;
use crate::entities::resource;
use crate::error::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult, QueryResult, Value};
use std::collections::HashMap;
use tagging::suggestions::{Pattern, PatternTerm};

/// Columns of a resource `r`. One of the table's others has a type that the driver would have to look up.
pub(super) const COLUMNS: &str = "r.id, r.resource_id, r.name, r.cloud, r.account_id, r.resource_type, r.region,
    r.native_tags, r.created_at, r.discovered_by, r.first_seen_at, r.last_seen_at, r.retired_at, r.changed_at";

/// Resources read at once when all members are looked for.
const PART: u64 = 5_000;
/// Resources read at once at most, however few of those that were read are members.
const MOST_READ: u64 = 8_000;

impl Suggestion {
    /// Pattern that its resources have in common.
    pub fn pattern(&self) -> Result<Pattern> {
        serde_json::from_value(self.pattern.clone()).map_err(Error::internal)
    }
}

/// Pages of the members of each suggestion, by one statement unless what is looked up are mostly no members.
pub async fn of_suggestions(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
    window: &Window,
) -> Result<HashMap<i64, Page<resource::Model>>> {
    let mut wanted = Vec::new();
    for suggestion in list::by_ids(db, scope, ids).await? {
        wanted.push(MemberSearch::new(&suggestion, window)?);
    }
    let wanted_rows = window.size + 1;
    let mut limit = wanted_rows;
    while wanted.iter().any(|search| !search.is_over(wanted_rows)) {
        let mut searches: Vec<&mut MemberSearch> = wanted
            .iter_mut()
            .filter(|search| !search.is_over(wanted_rows))
            .collect();
        read(db, scope, &mut searches, limit).await?;
        limit = (limit * 2).clamp(1, MOST_READ.max(wanted_rows));
    }
    let pages = wanted
        .into_iter()
        .map(|search| (search.id, window.page(search.members)));
    Ok(pages.collect())
}

/// Number of the members of each suggestion when it was mined.
pub async fn count_of_suggestions(
    db: &DatabaseConnection,
    scope: &AccountScope,
    ids: Vec<i64>,
) -> Result<HashMap<i64, u64>> {
    let suggestions = list::by_ids(db, scope, ids).await?;
    let counts = suggestions.into_iter();
    Ok(counts
        .map(|each| (each.id, each.resource_count.unsigned_abs()))
        .collect())
}

/// Ids of all members within the scope, in order: at most `most`, and one more if there are more.
pub(super) async fn ids(
    txn: &impl ConnectionTrait,
    scope: &AccountScope,
    suggestion: &Suggestion,
    most: usize,
) -> Result<Vec<i64>> {
    let mut search = MemberSearch::new(suggestion, &Window::first(PART))?;
    let mut ids = Vec::new();
    while !search.is_exhausted && ids.len() <= most {
        read(txn, scope, &mut [&mut search], PART).await?;
        ids.extend(search.members.drain(..).map(|resource| resource.id));
    }
    ids.truncate(most + 1);
    Ok(ids)
}

/// Search for the members of a suggestion, in the order of their ids or, backward, against it.
struct MemberSearch {
    id: i64,
    pattern: Pattern,
    backward: bool,
    /// Ids between which resources were not yet read.
    after: i64,
    before: i64,
    members: Vec<resource::Model>,
    is_exhausted: bool,
}

impl MemberSearch {
    fn new(suggestion: &Suggestion, window: &Window) -> Result<Self> {
        let id = |bound: &Option<Vec<Key>>| match bound.as_deref() {
            Some([Key::Int(id)]) => Some(*id),
            _ => None,
        };
        Ok(Self {
            id: suggestion.id,
            pattern: suggestion.pattern()?,
            backward: window.backward,
            after: id(&window.after).unwrap_or(0),
            before: id(&window.before).unwrap_or(i64::MAX),
            members: Vec::new(),
            is_exhausted: false,
        })
    }

    fn is_over(&self, wanted: u64) -> bool {
        self.is_exhausted || self.members.len() as u64 >= wanted
    }

    fn take(&mut self, mut found: Vec<resource::Model>, limit: u64) -> Result<()> {
        found.sort_unstable_by_key(|resource| resource.id);
        self.is_exhausted = (found.len() as u64) < limit;
        if self.backward {
            self.before = found.first().map_or(self.before, |resource| resource.id);
            found.reverse();
        } else {
            self.after = found.last().map_or(self.after, |resource| resource.id);
        }
        for resource in found {
            if self.pattern.contains(&subject(resource.clone(), [])?) {
                self.members.push(resource);
            }
        }
        Ok(())
    }
}

/// Reads the next resources that may be members, up to `limit` for each search, with one statement.
async fn read(
    db: &impl ConnectionTrait,
    scope: &AccountScope,
    searches: &mut [&mut MemberSearch],
    limit: u64,
) -> Result<()> {
    let mut binds = vec![scope.as_bind().into()];
    let parts: Vec<String> = searches
        .iter()
        .enumerate()
        .map(|(number, search)| {
            let after = bind(&mut binds, search.after);
            let before = bind(&mut binds, search.before);
            let direction = if search.backward { "DESC" } else { "ASC" };
            let possible = possible_members(&search.pattern, &mut binds);
            format!(
                "(SELECT {number}::bigint AS search, {COLUMNS} FROM resources r
                  WHERE r.retired_at IS NULL AND ($1::text[] IS NULL OR r.account_id = ANY($1))
                    AND r.id > {after} AND r.id < {before} AND {possible} ORDER BY r.id {direction} LIMIT {limit})"
            )
        })
        .collect();
    let rows = db
        .query_all_raw(sql::statement(&parts.join(" UNION ALL "), binds))
        .await?;
    let mut found: Vec<Vec<resource::Model>> = searches.iter().map(|_| Vec::new()).collect();
    for row in rows {
        if let Some(found) = found.get_mut(number(&row)?) {
            found.push(resource::Model::from_query_result(&row, "")?);
        }
    }
    for (search, found) in searches.iter_mut().zip(found) {
        search.take(found, limit)?;
    }
    Ok(())
}

fn number(row: &QueryResult) -> Result<usize> {
    let number: i64 = row.try_get("", "search")?;
    usize::try_from(number).map_err(Error::internal)
}

fn bind(binds: &mut Vec<Value>, value: impl Into<Value>) -> String {
    binds.push(value.into());
    format!("${}", binds.len())
}

/// Condition of PostgreSQL that holds for all members of the pattern, and for few others.
fn possible_members(pattern: &Pattern, binds: &mut Vec<Value>) -> String {
    let part = pattern.indexable();
    let mut conditions = vec!["true".to_owned()];
    let mut add = |condition: &str, value: Value| {
        let place = bind(binds, value);
        conditions.push(condition.replace('?', &place));
    };
    if let Some(account) = part.account_id {
        add("r.account_id = ?::text", account.into());
    }
    if let Some(resource_type) = part.resource_type {
        add("r.resource_type = ?::text", resource_type.into());
    }
    if let Some(prefix) = part.name_prefix {
        add("r.name LIKE ?::text", beginning(&prefix).into());
    }
    if let Some(prefix) = part.id_prefix {
        add("r.resource_id LIKE ?::text", beginning(&prefix).into());
    }
    if let Some((key, value)) = part.native_tag {
        let tag = serde_json::json!({ key: value });
        add("r.native_tags @> ?::jsonb", tag.into());
    }
    if let Some(key) = part.native_key {
        add("jsonb_exists(r.native_tags, ?::text)", key.into());
    }
    for term in pattern.terms() {
        if let PatternTerm::NameToken { token } = term {
            // Bytes, and letters of ASCII alone, as conditions of rules see them.
            add(
                "position(?::text IN lower(r.name COLLATE \"C\")) > 0",
                token.clone().into(),
            );
        }
    }
    conditions.join(" AND ")
}

/// Pattern of LIKE for texts that begin so.
fn beginning(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for letter in prefix.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
