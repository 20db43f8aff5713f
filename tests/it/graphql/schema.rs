//! The schema as an artifact.

use crate::support::api::Api;
use std::fmt::Write as _;
use virtual_tagging::graphql::schema::sdl;

#[test]
fn the_committed_schema_is_that_of_the_program() {
    let committed = include_str!("../../../schema.graphql");
    let parsed = async_graphql::parser::parse_schema(sdl());
    assert!(parsed.is_ok(), "{parsed:?}");
    assert!(
        committed == sdl(),
        "schema.graphql differs: `cargo run -- schema > schema.graphql` renews it"
    );
}

#[tokio::test]
async fn everything_has_a_description() {
    let api = Api::new().await;
    let schema = api
        .ask(
            "{ __schema { types { name description fields { name description args { name description } }
               inputFields { name description } enumValues { name description } } } }",
        )
        .await;
    let mut bare = String::new();
    let mut check = |path: String, described: &serde_json::Value| {
        if described["description"].as_str().is_none_or(str::is_empty) {
            let _ = writeln!(bare, "{path}");
        }
    };
    for of_type in schema["__schema"]["types"].as_array().unwrap() {
        let name = of_type["name"].as_str().unwrap();
        // Of the specification, and of the library.
        if name.starts_with("__") || ["ID", "Upload"].contains(&name) {
            continue;
        }
        check(name.into(), of_type);
        for part in ["fields", "inputFields", "enumValues"] {
            for member in of_type[part].as_array().into_iter().flatten() {
                let path = format!("{name}.{}", member["name"].as_str().unwrap());
                for argument in member["args"].as_array().into_iter().flatten() {
                    check(format!("{path}({})", argument["name"]), argument);
                }
                check(path, member);
            }
        }
    }
    assert_eq!(bare, "");
}
