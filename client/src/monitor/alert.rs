//! Alerts, as one line of JSON each (`docs/formats/monitor.md`, "Alerts").

use glasslog_core::event::{Event, ParsedEntry};
use glasslog_core::merkle::{Hash, sha256};
use glasslog_core::rules::SignatureStatus;
use glasslog_core::verify::Inconsistency;
use serde_json::{Value, json};

use super::kind::Kind;
use super::state::LogState;

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its kind.
    pub kind: Kind,
    /// Its identifier: the same for the same fact, in whatever run it is told.
    pub id: String,
    /// The alert as JSON.
    json: Value,
    /// The file that proves a fork.
    pub evidence: Option<Vec<u8>>,
}

/// An entry to tell of, and the verdict on it.
pub(super) struct Told<'a> {
    pub(super) index: u64,
    pub(super) leaf: Hash,
    pub(super) watch: &'a str,
    /// The event; `None` if the entry is none.
    pub(super) parsed: Option<&'a ParsedEntry>,
    /// The verdict on its signatures.
    pub(super) status: Option<&'a SignatureStatus>,
    /// Code of the reason for which a key event changed nothing.
    pub(super) no_effect: Option<&'static str>,
}

impl Alert {
    /// Returns the alert as one line of JSON, without a final newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.json.to_string()
    }

    /// Names the file that the evidence was written to.
    #[must_use]
    pub fn in_file(&self, path: &str) -> Self {
        let mut alert = self.clone();
        alert.json["evidenceFile"] = path.into();
        alert
    }

    /// Tells of an entry that meets a watch, with the verdict by the entries before it.
    pub(super) fn event(state: &LogState, told: &Told<'_>, now: u64) -> Self {
        let signature = told.status.map(SignatureStatus::then);
        let more = [
            ("signature", json!(signature)),
            ("noEffect", json!(told.no_effect)),
        ];
        Self::of_entry(state, Kind::Event, told, more, &[], now)
    }

    /// Tells of an event that counted when it was logged, and counts for nothing now.
    pub(super) fn withdrawn(state: &LogState, told: &Told<'_>, now: u64) -> Self {
        let at = told.status.and_then(SignatureStatus::withdrawn_at);
        let signature = told.status.map(SignatureStatus::as_str);
        let more = [("signature", json!(signature)), ("withdrawnAt", json!(at))];
        let at = at.unwrap_or_default().to_string();
        Self::of_entry(state, Kind::Withdrawn, told, more, &[&at], now)
    }

    fn of_entry(
        state: &LogState,
        kind: Kind,
        told: &Told<'_>,
        more: [(&str, Value); 2],
        parts: &[&str],
        now: u64,
    ) -> Self {
        let (origin, leaf) = (state.origin(), told.leaf.to_base64());
        let index = told.index.to_string();
        let fact = [kind.name(), origin, &index, &leaf, told.watch];
        let id = id(&[&fact, parts].concat());
        let keyid = told.status.and_then(SignatureStatus::keyid);
        let mut json = json!({
            "schemaVersion": 1,
            "kind": kind.name(),
            "id": id,
            "time": now,
            "log": state.log,
            "origin": origin,
            "size": state.size(),
            "watch": told.watch,
            "index": told.index,
            "leafHash": leaf,
            "keyid": keyid.filter(|keyid| !keyid.is_empty()),
            "claims": told.parsed.map(claims),
        });
        for (name, value) in more {
            json[name] = value;
        }
        Self {
            kind,
            id,
            json,
            evidence: None,
        }
    }

    /// Tells of a condition of the log.
    pub(super) fn alarm(
        state: &LogState,
        kind: Kind,
        message: &str,
        evidence: Option<&Inconsistency>,
        now: u64,
    ) -> Self {
        let origin = state.origin();
        let evidence = evidence.map(Inconsistency::encode);
        let proof = evidence.as_deref().map(sha256).map(|it| it.to_base64());
        let size = state.size().to_string();
        let proof = proof.unwrap_or_default();
        let id = id(&[kind.name(), &state.log, origin, &size, &proof]);
        let json = json!({
            "schemaVersion": 1,
            "kind": kind.name(),
            "id": id,
            "time": now,
            "log": state.log,
            "origin": origin,
            "size": state.size(),
            "message": message,
            "evidence": evidence.as_deref().map(String::from_utf8_lossy),
            "evidenceFile": null,
        });
        Self {
            kind,
            id,
            json,
            evidence,
        }
    }
}

/// Hashes parts, of which none contains a line feed, into an identifier.
fn id(parts: &[&str]) -> String {
    let text = format!("glasslog-alert/v1\n{}\n", parts.join("\n"));
    sha256(text.as_bytes()).to_hex()
}

/// The claims of an event.
fn claims(parsed: &ParsedEntry) -> Value {
    let subjects: Vec<&str> = parsed.subjects.iter().map(|it| it.name.as_str()).collect();
    let (action, actor) = match &parsed.event {
        Event::Access(access) => (Some(access.action.as_str()), Some(access.actor.id.as_str())),
        Event::Key(key) => (Some(key.op.as_str()), Some(key.actor.as_str())),
        Event::LogKey(_) => (Some("rotate"), None),
        Event::Genesis(_) | Event::Acknowledgement(_) | Event::Other(_) => (None, None),
    };
    json!({
        "type": parsed.event.type_name(),
        "action": action,
        "actor": actor,
        "subjects": subjects,
    })
}
