//! Writes the state of an audit (`docs/formats/audit-state.md`).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{AuditState, EventState, IndexState};
use crate::index::format::manifest::{Manifest, encode_run};
use crate::merkle::hash::sha256;
use crate::text::wire::{base64_encode, hex_encode};
use crate::verify::faults::{Fault, Faults};

/// First line.
pub(super) const MAGIC: &str = "glasslog-audit-state/v2";

/// Name of the last line, which holds the digest of everything before it.
pub(super) const DIGEST: &str = "sha256 ";

impl AuditState {
    /// Encodes the state: one text for one state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.header().into_bytes();
        part(&mut bytes, "checkpoint", &self.checkpoint.encode());
        self.events.append_to(&mut bytes);
        if let Some(index) = &self.index {
            index.append_to(&mut bytes);
        }
        let digest = format!("{DIGEST}{}\n", hex_encode(sha256(&bytes).as_bytes()));
        bytes.extend_from_slice(digest.as_bytes());
        bytes
    }

    fn header(&self) -> String {
        let EventState {
            counts,
            unreadable,
            unsigned,
            key_events,
            valid,
            conflict,
            ..
        } = &self.events;
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_string());
        let beyond = |faults: &Faults| {
            let first = faults.first_more;
            or_none(first.map(|first| format!("{} {first}", faults.more)))
        };
        let index = self.index.as_ref();
        let lines = [
            MAGIC.to_string(),
            format!("keys {}", self.keys),
            format!("read {}", self.read),
            format!(
                "counts {} {} {} {}",
                counts.access_events, counts.key_events, counts.unreadable, counts.signed
            ),
            format!("key-events {key_events}"),
            format!("signatures {valid}"),
            format!("unreadable-beyond {}", beyond(unreadable)),
            format!("unsigned-beyond {}", beyond(unsigned)),
            format!(
                "conflict {}",
                or_none(conflict.as_ref().map(|(at, _)| at.to_string()))
            ),
            format!(
                "index {}",
                or_none(index.map(|index| format!("{} {}", index.whole, index.from)))
            ),
        ];
        lines.iter().fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        })
    }
}

impl EventState {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        if let Some((_, name)) = &self.conflict {
            part(bytes, "conflict", name.as_bytes());
        }
        for (at, entry) in &self.entries {
            part(bytes, &format!("event {at}"), entry);
        }
        let mut faults = self.unreadable.entries.clone();
        faults.extend(self.unsigned.entries.clone());
        for (at, Fault { leaf_hash, verdict }) in faults {
            let text = format!("{verdict} {leaf_hash}");
            part(bytes, &format!("fault {at}"), text.as_bytes());
        }
        for (name, binding) in self.registrations.bound() {
            let lines = binding.digests.iter().chain(&binding.signers);
            let mut text: String = lines.map(|line| format!("{line}\n")).collect();
            text.push_str(&format!("{}\n\n{name}", binding.actor));
            part(bytes, &format!("bound {}", binding.at), text.as_bytes());
        }
    }
}

impl IndexState {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        part(bytes, "index-checkpoint", &self.checkpoint.encode());
        if let Some(newest) = self.newest.as_ref().map(Manifest::encode) {
            part(bytes, "manifest", &newest);
        }
        let runs: String = self
            .superseded
            .iter()
            .map(|run| format!("{}\n", encode_run(run)))
            .collect();
        part(bytes, "superseded", runs.as_bytes());
        if !self.sums.is_empty() {
            part(bytes, "secret", base64_encode(&self.secret).as_bytes());
            let sums: Vec<u8> = self.sums.iter().flat_map(|sum| sum.to_be_bytes()).collect();
            part(bytes, "sums", &sums);
        }
    }
}

fn part(bytes: &mut Vec<u8>, name: &str, content: &[u8]) {
    bytes.extend_from_slice(format!("{name} {}\n", content.len()).as_bytes());
    bytes.extend_from_slice(content);
}
