//! Alerts, as one line of JSON each (`docs/formats/monitor.md`, "Alerts").

use glasslog_core::event::{Event, parse};
use glasslog_core::merkle::{Hash, sha256};
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
    /// The alert as JSON, without a final newline.
    pub json: String,
    /// The file that proves a fork.
    pub evidence: Option<Vec<u8>>,
}

impl Alert {
    /// Tells of an entry that meets a watch.
    pub(super) fn event(
        state: &LogState,
        index: u64,
        leaf: Hash,
        watch: &str,
        entry: &[u8],
        now: u64,
    ) -> Self {
        let origin = state.origin();
        let id = id(&[
            "event",
            origin,
            &index.to_string(),
            &leaf.to_base64(),
            watch,
        ]);
        let json = json!({
            "schemaVersion": 1,
            "kind": Kind::Event.name(),
            "id": id,
            "time": now,
            "log": state.log,
            "origin": origin,
            "size": state.size(),
            "watch": watch,
            "index": index,
            "leafHash": leaf.to_base64(),
            "claims": claims(entry),
        });
        Self {
            kind: Kind::Event,
            id,
            json: json.to_string(),
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
        });
        Self {
            kind,
            id,
            json: json.to_string(),
            evidence,
        }
    }
}

/// Hashes parts, of which none contains a line feed, into an identifier.
fn id(parts: &[&str]) -> String {
    let text = format!("glasslog-alert/v1\n{}\n", parts.join("\n"));
    sha256(text.as_bytes()).to_hex()
}

/// The claims of an entry; its signature is not judged here. `null` for what is no event.
fn claims(entry: &[u8]) -> Value {
    let Ok(parsed) = parse(entry) else {
        return Value::Null;
    };
    let subjects: Vec<&str> = parsed.subjects.iter().map(|it| it.name.as_str()).collect();
    let (action, actor) = match &parsed.event {
        Event::Access(access) => (Some(access.action.as_str()), Some(access.actor.id.as_str())),
        _ => (None, None),
    };
    json!({
        "type": parsed.event.type_name(),
        "action": action,
        "actor": actor,
        "subjects": subjects,
    })
}
