//! Values that people denied on members of patterns.

use super::*;

#[test]
fn a_value_that_people_denied_on_members_contradicts_itself_and_is_not_suggested_for_them() {
    let mut inputs = estate();
    for row in (0..20).step_by(2) {
        inputs[row].holds.push(held("team", "books"));
    }
    let mut index = index(&inputs, MANY);
    let ranked = index.rank(&[]);
    let team = |tags: &[SuggestedTag]| tags.iter().find(|tag| tag.key == "team").cloned();
    let is_team = |each: &&MinedSuggestion| team(&each.tags).is_some_and(|tag| tag.agreeing == 10);
    let fitting = ranked.iter().filter(is_team);
    let first = fitting.min_by_key(|each| each.resource_count).unwrap();
    let before = team(&first.tags).unwrap();
    let open = first.members.iter().copied();
    let open: Vec<u32> = open
        .filter(|row| inputs[*row as usize].holds.is_empty())
        .collect();
    let books = [("team".to_owned(), "books".to_owned())];
    index.set_denied(open[0], &books);
    let some = suggestion_of(&index, &[], &first.pattern).unwrap();
    let after = team(&some.tags).unwrap();
    assert_eq!(after.value, "books");
    assert_eq!(
        (after.agreeing, after.contradicting, after.open),
        (10, before.contradicting + 1, before.open - 1)
    );
    assert_ne!(some.signature, first.signature, "denials are evidence");
    for row in &open {
        index.set_denied(*row, &books);
    }
    assert_eq!(value_of(&index, &[], &first.pattern), None);
    for row in &open {
        index.set_denied(*row, &[]);
    }
    assert_eq!(value_of(&index, &[], &first.pattern).as_deref(), Some("books"));
}

#[test]
fn a_guess_that_people_denied_on_as_many_members_is_no_guess() {
    let mut inputs = estate();
    for input in inputs.iter_mut().step_by(2) {
        input.guesses.push(GuessedValue {
            key: "team".into(),
            value: "books".into(),
            confidence: 0.6,
        });
    }
    let mut index = index(&inputs, MANY);
    let ranked = index.rank(&[]);
    let guessed = |each: &&MinedSuggestion| each.tags.iter().any(|tag| tag.value == "books");
    let first = ranked.iter().find(guessed).unwrap();
    for row in first.members.iter().step_by(2) {
        index.set_cells(*row, &[], &[]);
        index.set_denied(*row, &[("team".to_owned(), "books".to_owned())]);
    }
    assert_ne!(value_of(&index, &[], &first.pattern).as_deref(), Some("books"));
}
