//! Virtual tagging: infers the tags that cloud resources lack and puts them before people.

pub mod domain;
pub mod entities;
