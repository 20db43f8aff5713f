//! Hostile inputs from small corpora, mutated at random, to everything that reads them.
//!
//! `PROPTEST_CASES` sets how many cases are tried of each; a case that fails is made smaller and shown.

mod messages;
mod mutate;
mod places;
mod requests;
mod texts;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;
use tokio::runtime::Runtime;

/// The codes that an answer to a stranger may have; a fault of the service is none of them.
const CODES: &[&str] = &[
    "BAD_REQUEST",
    "BAD_USER_INPUT",
    "FORBIDDEN",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "NOT_FOUND",
    "OPERATION_RESOLUTION_FAILURE",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_SUPPORTED",
];

/// Tries so many cases, or as many as `PROPTEST_CASES` says.
fn try_all<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), String>) {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let tried = TestRunner::new(config).run(strategy, |value| test(value).map_err(TestCaseError::fail));
    if let Err(error) = tried {
        panic!("{error}");
    }
}

/// The same where answers are waited for.
fn try_all_on<S: Strategy, F: Future<Output = Result<(), String>>>(
    runtime: &Runtime,
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> F,
) {
    try_all(cases, strategy, |value| runtime.block_on(test(value)));
}

/// The codes of an answer's errors, all of which must be known.
fn codes(errors: &Value) -> Result<Vec<&str>, String> {
    let errors = errors.as_array().map(Vec::as_slice).unwrap_or_default();
    errors
        .iter()
        .map(|error| {
            let code = error["extensions"]["code"].as_str().unwrap_or_default();
            if CODES.contains(&code) && error["extensions"]["requestId"].is_string() {
                Ok(code)
            } else {
                Err(format!("a fault: {error}"))
            }
        })
        .collect()
}
