use super::validate_variable_usages;
use async_graphql::parser::parse_query;

fn fault(text: &str) -> Option<String> {
    validate_variable_usages(&parse_query(text).unwrap()).map(|error| error.message)
}

#[test]
fn variables_that_fit_pass() {
    for text in [
        "query($n: Int) { approvals(first: $n) { totalCount } }",
        "query($n: Int!) { approvals(first: $n) { totalCount } }",
        "query($id: ID!) { resource(id: $id) { id } }",
        "query($id: ID!) { nodes(ids: [$id]) { id } }",
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        "query($key: String) { approvals(filter: {tagKey: $key}) { totalCount } }",
        "query($filter: ApprovalFilter) { approvals(filter: $filter) { totalCount } }",
        // The argument has a default, or the variable has one.
        "query($order: ApprovalOrder) { approvals(order: $order) { totalCount } }",
        "query($id: ID = \"x\") { node(id: $id) { id } }",
        "query($on: Boolean!) { viewer { subject @include(if: $on) } }",
        "query($on: Boolean = true) { viewer @skip(if: $on) { subject } }",
        "query($name: String!) { __type(name: $name) { name } }",
        "query($n: Int) { ...F } fragment F on Query { resources(first: $n) { totalCount } }",
        "query($n: Int) { node(id: \"x\") { ... on Resource { virtualTags(first: $n) { totalCount } } } }",
        // Names that the schema does not have are found by async-graphql.
        "query($x: Int) { nothing(here: $x) viewer(at: 1) { all(of: $x) } }",
        "{ approvals(order: NEWEST, filter: {source: RULE}) { totalCount } }",
        "query($order: ApprovalOrder! = NEWEST) { approvals(order: $order) { totalCount } }",
        "query A($x: Int) { viewer { role } } query B($x: ID!) { node(id: $x) { id } }",
        "query($x: Int) { ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    ] {
        assert_eq!(fault(text), None, "{text}");
    }
}

#[test]
fn names_are_unique_known_and_without_quotes() {
    for (text, expected) in [
        (
            "query($a: Int, $a: Int) { approvals(first: $a) { totalCount } }",
            "one variable named \"$a\"",
        ),
        (
            "{ approvals(order: \"NEWEST\") { totalCount } }",
            "expected type \"ApprovalOrder\"",
        ),
        (
            "{ approvals(filter: {source: \"RULE\"}) { totalCount } }",
            "expected type \"TagSource\"",
        ),
        (
            "query($o: ApprovalOrder = \"NEWEST\") { approvals(order: $o) { totalCount } }",
            "expected type \"ApprovalOrder\"",
        ),
        (
            "query($x: Nothing) { resources(first: $x) { totalCount } }",
            "Unknown type \"Nothing\"",
        ),
        (
            "query($x: Viewer) { resources(first: $x) { totalCount } }",
            "\"Viewer\" is no input type",
        ),
        (
            "{ resources(first: 3000000000) { totalCount } }",
            "expected type \"Int\"",
        ),
        (
            "{ resources(filter: [{region: \"x\"}]) { totalCount } }",
            "expected type \"ResourceFilter\"",
        ),
        (
            "query($x: Int) { viewer(at: $x) { role } }",
            "Unknown argument \"at\" on field \"viewer\"",
        ),
        (
            "query($x: Int) { approvals(filter: {at: $x}) { totalCount } }",
            "Unknown field \"at\"",
        ),
    ] {
        let found = fault(text);
        assert!(
            found.as_ref().is_some_and(|message| message.contains(expected)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn variables_that_do_not_fit_are_found_wherever_they_stand() {
    for (text, expected) in [
        ("query($x: String) { resources(first: $x) { totalCount } }", "Int"),
        ("query($x: Int) { resource(id: $x) { id } }", "ID"),
        ("query($x: ID) { node(id: $x) { id } }", "ID!"),
        ("query($x: ID = null) { node(id: $x) { id } }", "ID!"),
        ("query($x: ID) { nodes(ids: [$x]) { id } }", "ID!"),
        ("query($x: ID!) { nodes(ids: $x) { id } }", "[ID!]!"),
        ("query($x: [ID]!) { nodes(ids: $x) { id } }", "[ID!]!"),
        (
            "query($x: Int) { approvals(filter: {tagKey: $x}) { totalCount } }",
            "String",
        ),
        (
            "query($x: ResourceFilter) { approvals(filter: $x) { totalCount } }",
            "ApprovalFilter",
        ),
        (
            "mutation($x: ID) { approveTags(input: {ids: [$x]}) { decided } }",
            "ID!",
        ),
        ("subscription($x: Int) { jobProgress(runId: $x) { id } }", "ID!"),
        (
            "query($x: Boolean) { viewer { subject @include(if: $x) } }",
            "Boolean!",
        ),
        ("query($x: Int!) @skip(if: $x) { viewer { role } }", "Boolean!"),
        ("query($x: Int!) { __type(name: $x) { name } }", "String!"),
        (
            "query($x: ID) { ...F } fragment F on Query { resources(first: $x) { totalCount } }",
            "Int",
        ),
        (
            "query($x: ID) { node(id: \"x\") { ... on Resource { virtualTags(first: $x) { totalCount } } } }",
            "Int",
        ),
        (
            "query($x: ID) { resources { nodes { virtualTags(first: $x) { totalCount } } } }",
            "Int",
        ),
        (
            "query A { viewer { role } } query B($x: Int!) { node(id: $x) { id } }",
            "ID!",
        ),
    ] {
        let expected = format!("expecting type \"{expected}\"");
        let found = fault(text);
        assert!(
            found.as_ref().is_some_and(|message| message.ends_with(&expected)),
            "{text}: {found:?}"
        );
    }
}
