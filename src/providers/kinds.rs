//! Kinds of invented resources, and how each cloud identifies them.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::domain::Cloud;

/// A kind of resource. In `id`, `{account}`, `{region}`, `{app}`, `{env}`, `{name}`, `{hex}` (17 digits) and `{uuid}`
/// are filled in.
pub(super) struct InventedKind {
    pub cloud: Cloud,
    pub resource_type: &'static str,
    id: &'static str,
    /// Words for it in a name.
    pub roles: &'static [&'static str],
    pub regional: bool,
    /// The id holds nothing but the name that would tell two of them apart.
    pub unique_by_name: bool,
    letters: Letters,
}

/// Characters that the cloud allows in a name.
#[derive(Clone, Copy)]
pub(super) enum Letters {
    Any,
    /// Lower case, digits and hyphens.
    Lower,
    /// Lower case, digits and underscores.
    Underscores,
    /// Lower case and digits, at most 24.
    Compact,
}

/// Location of a resource, and its name.
pub(super) struct ResourceLocation<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub app: &'a str,
    pub environment: &'a str,
    pub name: &'a str,
}

impl InventedKind {
    /// The id, and the name as this kind allows it.
    pub fn identify(&self, rng: &mut StdRng, location: &ResourceLocation<'_>) -> (String, String) {
        let name = match self.letters {
            Letters::Any => location.name.to_owned(),
            Letters::Lower => location.name.to_ascii_lowercase().replace(['.', '_'], "-"),
            Letters::Underscores => location.name.to_ascii_lowercase().replace(['.', '-'], "_"),
            Letters::Compact => compact(location.name),
        };
        let hex = format!("{:017x}", rng.random::<u64>());
        let u: u128 = rng.random();
        let uuid = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            u as u32,
            (u >> 32) as u16,
            (u >> 48) & 0xfff,
            (u >> 60) & 0xfff,
            (u >> 72) & 0xffff_ffff_ffff
        );
        let id = self
            .id
            .replace("{account}", location.account)
            .replace("{region}", location.region)
            .replace("{app}", location.app)
            .replace("{env}", location.environment)
            .replace("{hex}", &hex)
            .replace("{uuid}", &uuid)
            .replace("{name}", &name);
        (id, name)
    }
}

/// The end is kept where it is too long: it tells one from another.
fn compact(name: &str) -> String {
    let letters: String = name
        .to_ascii_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    letters
        .get(letters.len().saturating_sub(24)..)
        .unwrap_or_default()
        .to_owned()
}

pub(super) const fn kind(
    cloud: Cloud,
    resource_type: &'static str,
    id: &'static str,
    roles: &'static [&'static str],
) -> InventedKind {
    InventedKind {
        cloud,
        resource_type,
        id,
        roles,
        regional: true,
        unique_by_name: true,
        letters: Letters::Any,
    }
}

impl InventedKind {
    pub(super) const fn opaque(self) -> Self {
        Self {
            unique_by_name: false,
            ..self
        }
    }

    pub(super) const fn global(self) -> Self {
        Self {
            regional: false,
            ..self
        }
    }

    pub(super) const fn letters(self, letters: Letters) -> Self {
        Self { letters, ..self }
    }
}

/// Text as Google's labels allow it: lower case, without blanks or at signs.
pub(super) fn google_label(text: &str) -> String {
    text.to_ascii_lowercase().replace([' ', '@', '.', '/', ':'], "-")
}
