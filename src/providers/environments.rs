//! Environments of invented resources, and their spellings.

/// Spelling of an environment.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    Short,
    Long,
    Upper,
    Capital,
    /// `Prd`
    CapitalShort,
}

/// Environment of an invented resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InventedEnvironment {
    Production,
    Staging,
    Development,
    Test,
}

impl InventedEnvironment {
    /// Each as often as a real inventory has it.
    pub const WEIGHTED: [Self; 8] = [
        Self::Production,
        Self::Production,
        Self::Production,
        Self::Staging,
        Self::Staging,
        Self::Development,
        Self::Development,
        Self::Test,
    ];

    pub const fn short(self) -> &'static str {
        match self {
            Self::Production => "prd",
            Self::Staging => "stg",
            Self::Development => "dev",
            Self::Test => "tst",
        }
    }

    pub const fn long(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
            Self::Test => "test",
        }
    }

    pub fn spelt(self, spelling: Spelling) -> String {
        match spelling {
            Spelling::Short => if self == Self::Production {
                "prod"
            } else {
                self.short()
            }
            .to_owned(),
            Spelling::Long => self.long().to_owned(),
            Spelling::Upper => self.short().to_uppercase(),
            Spelling::Capital => capital(self.long()),
            Spelling::CapitalShort => capital(self.short()),
        }
    }
}

/// Text with a capital letter at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
}
