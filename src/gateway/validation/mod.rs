//! Validation that async-graphql leaves out, and validation of trusted documents without execution.
//!
//! apollo-compiler 1.33.1 was tried in place of `lexical_limits`, `operation_limits`, `variable_usages` and `field_merging`
//! (717 lines). It judges 87 of the 89 documents of `tests/clients/test/validation.test.mjs` as graphql-js does, and misses
//! duplicate input fields and a nullable variable in a list of non-null items. It has no limit on spread selections: 31
//! doubling fragments pass; 128 KB of blanks between brackets take its parser 1.3 s. Fewer than 500 lines would go, and 17
//! crates (25 s of processor time in a release build) would come, while async-graphql parses each document anyway.

pub mod document_validator;
pub mod field_merging;
pub mod variable_usages;
