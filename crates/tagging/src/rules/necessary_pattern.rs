//! Texts that every match of a pattern contains.

use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::requirement::{Comparison, Requirement};

/// Most alternatives of a beginning or an end.
const MAX_ALTERNATIVES: usize = 16;

/// Requirement of a text that a pattern matches; `test` makes the requirement of one comparison.
pub(super) fn requirement(pattern: &str, test: impl Fn(Comparison, String) -> Requirement) -> Requirement {
    let parser = regex_syntax::ParserBuilder::new()
        .nest_limit(32)
        .build()
        .parse(pattern);
    let Ok(hir) = parser else {
        return Requirement::Nothing;
    };
    let is_anchored = hir.properties().look_set_prefix().contains(Look::Start);
    let beginning = if is_anchored {
        Comparison::StartsWith
    } else {
        Comparison::Contains
    };
    let is_anchored = hir.properties().look_set_suffix().contains(Look::End);
    let end = if is_anchored {
        Comparison::EndsWith
    } else {
        Comparison::Contains
    };
    let edge = |kind, comparison| {
        let literals = edge_literals(&hir, kind)?;
        let tests = literals.into_iter().map(|literal| test(comparison, literal));
        Some(Requirement::any(tests.collect()))
    };
    let mut parts: Vec<Requirement> = [
        edge(ExtractKind::Prefix, beginning),
        edge(ExtractKind::Suffix, end),
    ]
    .into_iter()
    .flatten()
    .collect();
    parts.extend(
        inner_literals(&hir)
            .into_iter()
            .map(|literal| test(Comparison::Contains, literal)),
    );
    Requirement::all(parts)
}

/// Texts of which every match begins (or ends) with one.
fn edge_literals(hir: &Hir, kind: ExtractKind) -> Option<Vec<String>> {
    let literals = Extractor::new()
        .kind(kind)
        .limit_total(MAX_ALTERNATIVES)
        .extract(hir);
    let literals = literals.literals().filter(|literals| !literals.is_empty())?;
    literals
        .iter()
        .map(|literal| {
            let text = std::str::from_utf8(literal.as_bytes()).ok()?;
            (!text.is_empty()).then(|| text.to_owned())
        })
        .collect()
}

/// Literal parts of a sequence: each is in every match.
fn inner_literals(hir: &Hir) -> Vec<String> {
    match hir.kind() {
        HirKind::Capture(capture) => inner_literals(&capture.sub),
        HirKind::Concat(parts) => parts.iter().flat_map(inner_literals).collect(),
        HirKind::Repetition(repetition) if repetition.min > 0 => inner_literals(&repetition.sub),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}
