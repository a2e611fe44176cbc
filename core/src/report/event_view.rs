//! An event as a report shows it: decoded by the verifier, never copied from a fetched file.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::event::access::AccessEvent;
use crate::event::event::{Event, ParsedEntry};
use crate::merkle::hash::Hash;
use crate::rules::signature_status::SignatureStatus;

/// One event of a history. Members that the event does not have are `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Position in the log.
    pub index: u64,
    /// RFC 6962 leaf hash, base64.
    pub leaf_hash: Hash,
    /// `access`, `key`, `genesis` or `other`.
    pub r#type: &'static str,
    /// The action; for key events `enrol`, `revoke` or `amend`.
    pub action: Option<String>,
    /// `success`, `denied` or `failure`.
    pub outcome: Option<String>,
    /// `routine`, `material` or `custody`, derived from the action.
    #[cfg_attr(test, ts(type = r#""routine" | "material" | "custody" | null"#))]
    pub weight: Option<&'static str>,
    /// The actor.
    pub actor: Option<String>,
    /// `human`, `workload`, `service` or `agent`.
    pub actor_type: Option<String>,
    /// The time that the actor claims.
    pub occurred_at: Option<String>,
    /// The event's own identifier.
    pub event_id: Option<String>,
    /// The artifacts that the event is about.
    pub subjects: Vec<SubjectView>,
    /// The reason.
    pub reason: Option<ReasonView>,
    /// The environment in which it ran.
    pub environment: Option<String>,
    /// The pipeline that ran it.
    pub pipeline: Option<String>,
    /// The custodians of a transfer.
    pub transfer: Option<TransferView>,
    /// Leaf hash of the event that this one acts on.
    pub acts_on: Option<String>,
    /// The verdict on the signatures as of the checkpoint: `valid`, `compromised`, `unknown-key`, `revoked-key`,
    /// `actor-mismatch`, `other-log`, `invalid` or `none`.
    pub signature: &'static str,
    /// The verdict by the entries before the event alone: `valid` for an event that is `compromised` now.
    pub signature_then: &'static str,
    /// Index of the key event that withdraws a compromised event: it counts in no longer prefix of the log.
    pub withdrawn_at: Option<u64>,
    /// The key that decided the verdict; for a valid event the one that vouches for it.
    pub keyid: Option<String>,
    /// `replayed`, `register-conflict`, `new-name-wrong`, `no-effect`.
    pub notes: Vec<&'static str>,
}

/// The outcome of judging one event.
pub(crate) struct Finding {
    pub(crate) status: SignatureStatus,
    pub(crate) notes: Vec<&'static str>,
}

/// One subject of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SubjectView {
    /// Its name.
    pub name: String,
    /// `sha256:` and hex.
    pub digest: String,
}

/// The reason of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReasonView {
    /// A short code.
    pub code: String,
    /// In words.
    pub text: Option<String>,
    /// A ticket.
    pub ticket: Option<String>,
}

/// The custodians of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TransferView {
    /// The custodian who hands over.
    pub from: String,
    /// The custodian who receives.
    pub to: String,
}

impl EventView {
    pub(crate) fn new(index: u64, leaf_hash: Hash, parsed: &ParsedEntry, finding: Finding) -> Self {
        let status = &finding.status;
        let unjudged = Self::unjudged(index, leaf_hash, parsed);
        Self {
            signature: status.as_str(),
            signature_then: status.then(),
            withdrawn_at: status.withdrawn_at(),
            keyid: status.keyid().map(String::from).or(unjudged.keyid),
            notes: finding.notes,
            ..unjudged
        }
    }

    /// An event whose entry is proven, before its signature is judged; for progress, never in a report.
    pub(crate) fn unjudged(index: u64, leaf_hash: Hash, parsed: &ParsedEntry) -> Self {
        let subjects = parsed.subjects.iter().map(|subject| SubjectView {
            name: subject.name.clone(),
            digest: format!("sha256:{}", subject.sha256()),
        });
        let keyid = Some(parsed.keyid()).filter(|keyid| !keyid.is_empty());
        let mut view = Self {
            index,
            leaf_hash,
            r#type: parsed.event.type_name(),
            action: None,
            outcome: None,
            weight: None,
            actor: None,
            actor_type: None,
            occurred_at: None,
            event_id: None,
            subjects: subjects.collect(),
            reason: None,
            environment: None,
            pipeline: None,
            transfer: None,
            acts_on: None,
            signature: "undecided",
            signature_then: "undecided",
            withdrawn_at: None,
            keyid: keyid.map(ToString::to_string),
            notes: Vec::new(),
        };
        match &parsed.event {
            Event::Access(access) => view.show_access(access),
            Event::Key(key) => {
                view.action = Some(key.op.as_str().to_string());
                view.actor = Some(key.actor.clone());
            }
            Event::Genesis(_) | Event::Other(_) => {}
        }
        view
    }

    fn show_access(&mut self, access: &AccessEvent) {
        self.action = Some(access.action.to_string());
        self.outcome = Some(access.outcome.to_string());
        self.weight = Some(access.action.weight().as_str());
        self.actor = Some(access.actor.id.clone());
        self.actor_type = Some(access.actor.kind.to_string());
        self.occurred_at = Some(access.occurred_at.clone());
        self.event_id = Some(access.event_id.clone());
        self.reason = access.reason.as_ref().map(|reason| ReasonView {
            code: reason.code.clone(),
            text: reason.text.clone(),
            ticket: reason.ticket.clone(),
        });
        self.environment = access.context.environment.clone();
        self.pipeline = access.context.pipeline.clone();
        self.transfer = access.transfer.as_ref().map(|transfer| TransferView {
            from: transfer.from.custodian.clone(),
            to: transfer.to.custodian.clone(),
        });
        self.acts_on = access.acts_on.map(|hash| hash.to_string());
    }
}
