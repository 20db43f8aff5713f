//! Conditions of rules, templates of their values, inventories, cursors and ids: read without a service.

use super::{mutate, try_all};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use tagging::rules::{Condition, ValueTemplate, foreign_placeholders};
use tagging::{CloudProvider, Subject};
use virtual_tagging::domain::discovery::{InventoryReader, ReadOptions};
use virtual_tagging::graphql::relay::cursor::decode_event;
use virtual_tagging::graphql::scalars::id::{AuditKind, Id, ResourceKind, ScheduleKind};

fn resource() -> Subject {
    let tags = BTreeMap::from([("team".to_owned(), "Pay".to_owned())]);
    Subject {
        cloud: CloudProvider::Aws,
        account_id: "111122223333".into(),
        resource_type: "rds/db".into(),
        region: None,
        name: "prod-payroll-db".into(),
        resource_id: "arn:aws:rds:eu-west-2:111122223333:db/x".into(),
        native_tags: tags.clone(),
        approved: tags,
        applied: BTreeMap::new(),
        denied_native: BTreeSet::new(),
    }
}

#[test]
fn any_condition_is_taken_or_refused_with_its_place() {
    let resource = resource();
    let resource = resource.condition_input(Some(&resource.approved));
    try_all(
        256,
        &mutate::text(include_str!("corpus/conditions.txt")),
        |text| match Condition::compile(&text) {
            Ok(condition) => {
                let held = condition.matches(&resource);
                let again = Condition::compile(condition.text()).map_err(|error| error.to_string())?;
                if again.matches(&resource) == held {
                    Ok(())
                } else {
                    Err(format!("{text:?} does not mean the same twice"))
                }
            }
            Err(error) if error.reason.contains("the parser failed") => Err(format!("{text:?}: {error}")),
            Err(error) if error.position.is_some_and(|at| at > text.len()) => {
                Err(format!("{text:?}: {error}"))
            }
            Err(_) => Ok(()),
        },
    );
}

#[test]
fn every_condition_of_the_corpus_is_as_its_author_thinks() {
    for text in mutate::entries(include_str!("corpus/conditions.txt")) {
        let is_good = !text.starts_with("// refused\n");
        let text = text.trim_start_matches("// refused\n");
        assert_eq!(Condition::compile(text).is_ok(), is_good, "{text}");
    }
}

#[test]
fn any_template_is_taken_or_refused() {
    let corpus = include_str!("corpus/templates.txt");
    try_all(256, &mutate::text(corpus), |text| {
        if let Ok(template) = ValueTemplate::compile(&text) {
            let _value = template.render(&resource());
            let _reads = template.reads();
        }
        let places = foreign_placeholders(&text);
        if places.iter().all(|place| text.get(place.clone()).is_some()) {
            Ok(())
        } else {
            Err(format!("{text:?}: a placeholder outside of the text"))
        }
    });
}

#[test]
fn any_file_is_an_inventory_or_refused_and_ends() {
    let corpus = include_str!("corpus/inventories.txt");
    try_all(256, &mutate::bytes(corpus), |bytes| {
        // Lines end with either of both, and entries of a JSON document are objects.
        let ends = |byte: &&u8| matches!(byte, b'\n' | b'\r' | b'{');
        let most = bytes.iter().filter(ends).count() + 1;
        let Ok(reader) = InventoryReader::from_reader(Cursor::new(bytes), None, ReadOptions::default())
        else {
            return Ok(());
        };
        let entries = reader.count();
        if entries <= most {
            Ok(())
        } else {
            Err(format!("{entries} entries, where {most} are the most"))
        }
    });
}

#[test]
fn any_text_is_an_id_or_refused() {
    let corpus = include_str!("corpus/ids.txt");
    try_all(512, &mutate::text(corpus), |text| {
        for text in [text.clone(), super::places::opaque(&text)] {
            let _event = decode_event("tags", &text);
            let _schedule = Id::<ScheduleKind>::decode(&text);
            // An id that is read is written as it was, so that one object has one id.
            let resource = Id::<ResourceKind>::decode(&text).map(|id| id.encode());
            let audit = Id::<AuditKind>::decode(&text).map(|id| id.encode());
            for written in [resource, audit].into_iter().flatten() {
                if written != text {
                    return Err(format!("{text:?} is read, and written as {written:?}"));
                }
            }
        }
        Ok(())
    });
}
