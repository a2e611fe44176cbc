//! The trust file of a reader after a rotation of a log's key (`docs/formats/trust-policy.md`, "Rotation").
//!
//! Lines are added, and nothing else changes: the file belongs to a person, with comments and an order of their own.

use crate::note::key::VerifierKey;
use crate::trust::policy_text::{lines, words};
use crate::trust::section::Section;
use crate::trust::trust_error::TrustError;
use crate::trust::trust_policy::TrustPolicy;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

impl TrustPolicy {
    /// Adds to a trust file that the log's key `old` counts up to a size, and the key `new` from it on.
    ///
    /// # Errors
    /// The file, or the new one, is no trust policy.
    pub fn rotated(
        text: &[u8],
        old: &VerifierKey,
        new: &VerifierKey,
        size: u64,
    ) -> Result<Vec<u8>, TrustError> {
        let policy = Self::parse(text)?;
        let known = policy.log().logs().iter().find(|log| log.key == *new);
        let mut limits = Vec::from([Limit::new(old, format!("up-to-size {size}"))]);
        if known.is_none_or(|log| log.validity.from_size.is_none()) {
            limits.push(Limit::new(new, format!("from-size {size}")));
        }
        let mut file = File::default();
        for (line, text) in lines(text).map_err(TrustError::Policy)? {
            let found = words(line, text).map_err(TrustError::Policy)?;
            file.take(text, &found, &mut limits);
            let of_log = matches!(file.section, None | Some(Section::Log));
            if let ([b"log", key, url @ ..], true, None) = (found.as_slice(), of_log, known)
                && *key == old.to_string().as_bytes()
            {
                let line = format!("log {new}").into_bytes();
                let words = [line.as_slice()].into_iter().chain(url.iter().copied());
                file.lines.push(words.collect::<Vec<_>>().join(&b' '));
            }
        }
        let text = file.finish(&limits);
        Self::parse(&text)?;
        Ok(text)
    }
}

/// A condition on a key that the file is to have.
struct Limit {
    /// The key, `NAME+ID`.
    key: String,
    condition: String,
    /// True once a line of the file has it.
    is_set: bool,
}

impl Limit {
    fn new(key: &VerifierKey, condition: String) -> Self {
        Self {
            key: key.name_and_id(),
            condition,
            is_set: false,
        }
    }
}

/// The lines of the file that is written.
#[derive(Default)]
struct File {
    lines: Vec<Vec<u8>>,
    section: Option<Section>,
    has_sections: bool,
    /// Number of lines up to that of `[validity]`.
    validity: Option<usize>,
}

impl File {
    /// Takes a line of the old file; one about a key that is limited gets the condition too.
    fn take(&mut self, text: &[u8], found: &[&[u8]], limits: &mut [Limit]) {
        let mut line = text.to_vec();
        match (self.section, found) {
            (_, [word]) if word.starts_with(b"[") => {
                self.has_sections = true;
                let mut all = Section::ALL.into_iter();
                self.section = all.find(|section| section.name().as_bytes() == *word);
                if self.section == Some(Section::Validity) {
                    self.validity = self.lines.len().checked_add(1);
                }
            }
            (Some(Section::Validity), [b"key", key, ..]) => {
                let is_of = |limit: &&mut Limit| limit.key.as_bytes() == *key;
                if let Some(limit) = limits.iter_mut().find(is_of) {
                    line.push(b' ');
                    line.extend_from_slice(limit.condition.as_bytes());
                    limit.is_set = true;
                }
            }
            _ => {}
        }
        self.lines.push(line);
    }

    /// Adds a line for each condition that none has yet, and returns the text.
    fn finish(mut self, limits: &[Limit]) -> Vec<u8> {
        let added = limits.iter().filter(|limit| !limit.is_set);
        let added = added.map(|Limit { key, condition, .. }| format!("key {key} {condition}"));
        let added: Vec<Vec<u8>> = added.map(String::into_bytes).collect();
        match self.validity {
            Some(at) => drop(self.lines.splice(at..at, added)),
            None if added.is_empty() => {}
            None => {
                // The last line may lack its line feed.
                self.lines.pop_if(|line| line.is_empty());
                self.lines.push(Vec::new());
                self.lines.push(Section::Validity.name().into());
                self.lines.extend(added);
                self.lines.push(Vec::new());
            }
        }
        if !self.has_sections {
            self.lines.insert(0, Section::Log.name().into());
        }
        self.lines.join(&b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ed25519::SecretKey;
    use crate::note::key::SignerKey;
    use crate::note::key_name::{KeyName, SignatureType};
    use crate::trust::changes::changes;

    const LOG: &str = "log.example";

    fn key(seed: u8) -> VerifierKey {
        let name = KeyName::parse(LOG).unwrap();
        let secret = SecretKey::from_seed(&[seed; 32]);
        let key = SignerKey::new(name, SignatureType::Ed25519, secret);
        key.verifier().clone()
    }

    fn name(seed: u8) -> String {
        format!("{LOG}+{}", key(seed).id())
    }

    fn rotate(text: &str) -> String {
        let rotated = TrustPolicy::rotated(text.as_bytes(), &key(1), &key(2), 7).unwrap();
        String::from_utf8(rotated).unwrap()
    }

    #[test]
    fn lines_are_added_and_nothing_else_changes() {
        let (one, two) = (key(1), key(2));
        let (limit, start) = (
            format!("key {} up-to-size 7", name(1)),
            format!("key {} from-size 7", name(2)),
        );
        for (text, expected) in [
            (
                format!("# ours\nlog {one} https://log.example/\nquorum none"),
                format!(
                    "[log]\n# ours\nlog {one} https://log.example/\nlog {two} https://log.example/\nquorum none\n\n[validity]\n{limit}\n{start}\n"
                ),
            ),
            (
                format!("[validity]\n# none yet\n[log]\n\tlog {one}\nquorum none\n"),
                format!(
                    "[validity]\n{limit}\n{start}\n# none yet\n[log]\n\tlog {one}\nlog {two}\nquorum none\n"
                ),
            ),
            (
                format!(
                    "[log]\nlog {one}\nquorum none\n[validity]\nkey {} from-size 3\n",
                    name(1)
                ),
                format!(
                    "[log]\nlog {one}\nlog {two}\nquorum none\n[validity]\n{start}\nkey {} from-size 3 up-to-size 7\n",
                    name(1)
                ),
            ),
            // The operator gave the new key before.
            (
                format!("[log]\nlog {one}\nlog {two}\nquorum none\n[validity]\n{start}\n"),
                format!("[log]\nlog {one}\nlog {two}\nquorum none\n[validity]\n{limit}\n{start}\n"),
            ),
        ] {
            assert_eq!(rotate(&text), expected);
            let read = |text: &str| TrustPolicy::parse(text.as_bytes()).unwrap();
            let gone = changes(&read(&text), &read(&expected));
            let gone = gone.iter().filter(|change| !change.is_new);
            assert!(gone.count() <= 1, "{text}");
        }
    }

    #[test]
    fn a_file_that_would_be_no_policy_is_not_made() {
        let (one, two) = (key(1), key(2));
        for text in [
            format!("log {one}\n"),
            // The new key is that of the index.
            format!("[log]\nlog {one}\nquorum none\n[index]\nlog {two}\nquorum none\n"),
            format!(
                "[log]\nlog {one}\nquorum none\n[validity]\nkey {} up-to-size 5\n",
                name(1)
            ),
        ] {
            let rotated = TrustPolicy::rotated(text.as_bytes(), &one, &two, 7);
            assert!(rotated.is_err(), "{text}");
        }
    }
}
