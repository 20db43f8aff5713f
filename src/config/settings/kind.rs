//! Kinds of settings: which values one takes, and which it has when it is not set.

use std::fmt::Display;

/// Setting of one kind, as the reader takes it and the documents describe it.
pub struct Setting<K> {
    pub name: &'static str,
    pub(in crate::config) kind: K,
    /// Lines of its description, in Markdown.
    pub(super) description: &'static [&'static str],
}

/// Row of a document about a setting.
pub(super) struct SettingRow {
    pub(super) name: &'static str,
    pub(super) default: String,
    pub(super) allowed: String,
    pub(super) description: String,
}

/// Description of a kind of values.
pub trait SettingKind {
    /// Value of a setting that is not set; empty if it has none.
    fn default_text(&self) -> String;
    /// Values that are taken, after "must be".
    fn allowed(&self) -> String;
}

impl<K: SettingKind> Setting<K> {
    pub(super) fn row(&self) -> SettingRow {
        SettingRow {
            name: self.name,
            default: self.kind.default_text(),
            allowed: self.kind.allowed(),
            description: self
                .description
                .iter()
                .map(|line| line.trim())
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// Help of the flag that overrides the setting: the first sentence of its description.
    pub fn help(&self) -> String {
        let row = self.row();
        let sentence = row
            .description
            .split_once(". ")
            .map_or(row.description.trim_end_matches('.'), |(first, _)| first);
        let sentence = sentence.replace('`', "");
        match row.default.as_str() {
            "" => format!("{sentence} [env: {}]", row.name),
            default => format!("{sentence} [env: {}, default: {default}]", row.name),
        }
    }
}

/// Number in a range.
pub struct Number<T> {
    pub(in crate::config) default: T,
    pub(in crate::config) least: T,
    pub(in crate::config) most: T,
    /// Description of a default that depends on other settings or on the machine.
    dependent: Option<&'static str>,
}

impl<T> Number<T> {
    pub(super) const fn new(default: T, least: T, most: T) -> Self {
        Self {
            default,
            least,
            most,
            dependent: None,
        }
    }

    /// Number whose default depends on more than this table says; `description` says on what.
    pub(super) const fn dependent(default: T, least: T, most: T, description: &'static str) -> Self {
        Self {
            default,
            least,
            most,
            dependent: Some(description),
        }
    }
}

impl<T: Display> SettingKind for Number<T> {
    fn default_text(&self) -> String {
        match self.dependent {
            Some(description) => description.to_owned(),
            None => self.default.to_string(),
        }
    }

    fn allowed(&self) -> String {
        format!("a number from {} to {}", self.least, self.most)
    }
}

/// Text that the reader takes as it is, or checks in a way of its own.
pub struct Text {
    pub(in crate::config) default: &'static str,
    allowed: &'static str,
}

impl Text {
    pub(super) const fn new(default: &'static str, allowed: &'static str) -> Self {
        Self { default, allowed }
    }
}

impl SettingKind for Text {
    fn default_text(&self) -> String {
        self.default.to_owned()
    }

    fn allowed(&self) -> String {
        self.allowed.to_owned()
    }
}

/// `true` or `false`; `1`, `yes`, `on`, `0`, `no` and `off` are taken, too.
pub struct Switch(pub(in crate::config) bool);

impl SettingKind for Switch {
    fn default_text(&self) -> String {
        self.0.to_string()
    }

    fn allowed(&self) -> String {
        "true or false".to_owned()
    }
}
