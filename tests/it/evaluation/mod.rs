//! The engine over the database: automatic tags, rules, and a real inventory from end to end.

mod auto_tag;
mod corpus;
mod hostile_rules;
mod rule_api;
mod rule_changes;
mod rules;
mod vocabulary;
