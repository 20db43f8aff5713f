//! Words of the vocabulary that are found in a resource.

/// Part of a resource in which a word was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum WordPlace {
    Name = 0,
    Tag = 1,
    Id = 2,
}

impl WordPlace {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Tag => "tag",
            Self::Id => "id",
        }
    }
}

/// Word of the vocabulary that was found in a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WordHit {
    pub place: WordPlace,
    /// Index of the word in the lexicon.
    pub word: u32,
    /// True if the same text also has words for other values that are as strong.
    pub contested: bool,
}

impl WordHit {
    /// Number of the circumstances: occurrences that are equally reliable share it.
    pub(crate) fn position(self) -> u8 {
        self.place as u8 | u8::from(self.contested) << 7
    }
}
