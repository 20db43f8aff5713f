//! The trail of tags, its seals and archives, and the trail of administration.

mod admin_changes;
mod list;
mod seals;
