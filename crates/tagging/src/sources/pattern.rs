//! PATTERN: words and phrases of the vocabulary, at token borders of the name, of other tags and of the identifier.
//!
//! No weight of a word is constant: the vocabulary only tells words that almost always mean their value from those that
//! also name other things, and each estate's own tags tell what they are worth there.

use crate::Subject;
use crate::inference::{EvidenceSource, Lexicon, Observation, WordPlace};
use crate::tokens::{NameToken, tokens};

/// Bytes of a tag value that is read: longer ones are notes.
const MAX_TAG_VALUE: usize = 256;
/// Words of keys whose values are contacts or links: a channel `shop-dev` is where people meet, no environment.
const CONTACTS_AND_LINKS: [&str; 22] = [
    "alert",
    "alerts",
    "channel",
    "channels",
    "code",
    "contact",
    "contacts",
    "docs",
    "documentation",
    "email",
    "git",
    "link",
    "mail",
    "repo",
    "repository",
    "review",
    "runbook",
    "slack",
    "source",
    "ticket",
    "url",
    "wiki",
];

/// The PATTERN source.
pub(crate) struct PatternSource;

impl EvidenceSource for PatternSource {
    fn observe(&self, subject: &Subject, lexicon: &Lexicon, seen: &mut Observation) {
        let Observation { words, scratch, .. } = seen;
        lexicon.scan(&subject.name, WordPlace::Name, scratch, words);
        for (key, value) in &subject.native_tags {
            if value.len() <= MAX_TAG_VALUE
                && !lexicon.is_canonical_key(key)
                && !is_contact_or_link(key, value)
            {
                lexicon.scan(value, WordPlace::Tag, scratch, words);
            }
        }
        let id = beyond_account(&subject.resource_id);
        // The name is in most identifiers; there it is no second witness.
        let (before, after) = match id.find(&subject.name) {
            Some(at) if !subject.name.is_empty() => (&id[..at], &id[at + subject.name.len()..]),
            _ => (id, ""),
        };
        lexicon.scan(before, WordPlace::Id, scratch, words);
        lexicon.scan(after, WordPlace::Id, scratch, words);
        if subject.account_id.contains(char::is_alphabetic) {
            lexicon.scan(&subject.account_id, WordPlace::Id, scratch, words);
        }
    }
}

fn is_contact_or_link(key: &str, value: &str) -> bool {
    let is_word = |token: NameToken<'_>| {
        CONTACTS_AND_LINKS
            .iter()
            .any(|word| token.text.eq_ignore_ascii_case(word))
    };
    value.contains("://") || value.contains('@') || tokens(key).any(is_word)
}

/// Part of an ARN beyond partition, service, region and account; other identifiers as they are.
fn beyond_account(resource_id: &str) -> &str {
    if resource_id.starts_with("arn:") {
        resource_id.splitn(6, ':').last().unwrap_or_default()
    } else {
        resource_id
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Vocabulary;
    use crate::engine::tests::subject;

    fn found(subject: &Subject) -> Vec<(&'static str, String)> {
        let lexicon = Lexicon::new(Arc::new(Vocabulary::default()));
        let mut seen = Observation::default();
        seen.read(subject, &lexicon, &[&PatternSource]);
        let words = seen
            .words
            .iter()
            .filter_map(|hit| Some((hit.place.name(), lexicon.word(*hit)?.text.clone())));
        words.collect()
    }

    fn row(place: &'static str, word: &str) -> (&'static str, String) {
        (place, word.to_owned())
    }

    #[test]
    fn names_tags_groups_and_projects_speak() {
        let mut resource = subject("disk1", &[("stack", "shop-uat")]);
        resource.resource_id = "/subscriptions/1/resourceGroups/shop-dev/providers/x/disk1".into();
        assert_eq!(found(&resource), [row("tag", "uat"), row("id", "dev")]);
    }

    #[test]
    fn the_name_in_the_identifier_is_no_second_witness() {
        let mut resource = subject("shop-dev", &[]);
        resource.resource_id = "arn:aws:s3:::shop-dev".into();
        assert_eq!(found(&resource), [row("name", "dev")]);
    }

    #[test]
    fn names_of_devices_are_no_environments() {
        for device in [
            "/dev/sda1",
            "/dev/xvdf",
            "web /dev/nvme1n1p1",
            "dev-sdb",
            "/dev/mapper/root",
        ] {
            assert_eq!(found(&subject(device, &[])), [], "{device}");
            assert_eq!(found(&subject("x", &[("device", device)])), [], "{device}");
        }
        for name in [
            "/dev/payments/db",
            "dev-sdk",
            "web-dev",
            "dev_disk_1",
            "dev-mapper",
        ] {
            assert_eq!(found(&subject(name, &[])), [row("name", "dev")], "{name}");
        }
        for name in ["not-a-prod-api", "never-prod", "ex-prod"] {
            assert_eq!(found(&subject(name, &[])), [], "{name}");
        }
    }

    #[test]
    fn only_arns_are_cut_at_colons() {
        let mut resource = subject("x", &[]);
        resource.resource_id = "//example.org/projects/shop-dev/things/a:b".into();
        assert_eq!(found(&resource), [row("id", "dev")]);
        resource.resource_id = "arn:aws:x:eu-west-1:shop-dev:thing/shop-uat".into();
        assert_eq!(found(&resource), [row("id", "uat")]);
    }

    #[test]
    fn contacts_and_links_are_not_read() {
        let tags = [
            ("slack-channel", "shop-dev"),
            ("repo", "shop-test"),
            ("homepage", "https://shop-uat.example.org"),
        ];
        assert_eq!(found(&subject("x", &tags)), []);
        assert_eq!(
            found(&subject("x", &[("stack", "shop-dev")])),
            [row("tag", "dev")]
        );
    }

    #[test]
    fn tags_that_state_the_answer_are_not_read_as_words() {
        assert_eq!(found(&subject("x", &[("Environment", "prod")])), []);
    }
}
