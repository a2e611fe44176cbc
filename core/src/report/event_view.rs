//! An event as a report shows it: decoded by the verifier, never copied from a fetched file.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::event::access::{AccessEvent, Exception, Party, Reason, Transfer};
use crate::event::action::{Action, Outcome, Weight};
use crate::event::event::{Event, ParsedEntry};
use crate::event::genesis::{FORMAT_VERSION, Genesis, Predecessor};
use crate::event::key_event::KeyEvent;
use crate::event::log_key::LogKeyEvent;
use crate::event::spki::Spki;
use crate::event::statement::Subject;
use crate::merkle::hash::Hash;
use crate::rules::signature_status::SignatureStatus;
use crate::text::json_value::Value;
use crate::text::time;

/// Note of a copy of an earlier event.
pub(crate) const REPLAYED: &str = "replayed";
/// Note of an event that names a version with other contents than its registration.
pub(crate) const OTHER_CONTENTS: &str = "other-contents";

/// One event of a history: every signed member that `docs/formats/events.md` names, and the verdicts on it. Members that the
/// event does not have are `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Position in the log.
    pub index: u64,
    /// RFC 6962 leaf hash, base64.
    pub leaf_hash: Hash,
    /// `access`, `key`, `log-key`, `acknowledge`, `genesis` or `other`.
    pub r#type: &'static str,
    /// URI of the predicate's type, for a type that this version does not know.
    pub predicate_type: Option<String>,
    /// Origin of the log that the event is signed for.
    pub log: Option<String>,
    /// The action; for key events `enrol`, `revoke` or `amend`, for the log's own key `rotate`.
    pub action: Option<String>,
    /// `success`, `denied` or `failure`; for key events whether it took effect, `success` or `failure`.
    pub outcome: Option<String>,
    /// `routine`, `material` or `custody`, derived from the action; key events are `material`.
    #[cfg_attr(test, ts(type = r#""routine" | "material" | "custody" | null"#))]
    pub weight: Option<&'static str>,
    /// True if a registration claims that no version of its name was registered before.
    pub new_name: bool,
    /// The actor.
    pub actor: Option<String>,
    /// `human`, `workload`, `service` or `agent`.
    pub actor_type: Option<String>,
    /// The roles that the actor claims.
    pub roles: Vec<String>,
    /// The actor on whose behalf it acted, as claimed.
    pub on_behalf_of: Option<String>,
    /// The time that the actor claims.
    pub occurred_at: Option<String>,
    /// The time of the event: as claimed, and as witnesses vouch for it.
    pub time: TimeView,
    /// The event's own identifier.
    pub event_id: Option<String>,
    /// The artifacts that the event is about.
    pub subjects: Vec<SubjectView>,
    /// The reason.
    pub reason: Option<ReasonView>,
    /// The environment in which it ran.
    pub environment: Option<String>,
    /// The region in which it ran.
    pub region: Option<String>,
    /// The pipeline that ran it, as signed: an object with at least `name`.
    #[cfg_attr(test, ts(type = "{ name: string; [member: string]: unknown } | null"))]
    pub pipeline: Option<Value<'static>>,
    /// The custodians of a transfer.
    pub transfer: Option<TransferView>,
    /// The policy decision that the actor claims, as signed: an object with at least `engine`, `policySet` and `decision`.
    #[cfg_attr(
        test,
        ts(
            type = "{ engine: string; policySet: object; decision: string; [member: string]: unknown } | null"
        )
    )]
    pub policy: Option<Value<'static>>,
    /// The emergency in which the rules were bypassed.
    pub exception: Option<ExceptionView>,
    /// Other documents, as signed: each an object with at least `digest`, which maps algorithms to lower-case hex.
    #[cfg_attr(
        test,
        ts(type = "Array<{ digest: { [algorithm: string]: string }; [member: string]: unknown }>")
    )]
    pub references: Vec<Value<'static>>,
    /// Leaf hash of the event that this one acts on.
    pub acts_on: Option<String>,
    /// Files of the folder that is registered as the first subject.
    pub files: Option<Vec<FileView>>,
    /// The list of all its files, if `files` does not hold them all.
    pub file_list: Option<FileListView>,
    /// The key that a key event is about.
    pub key: Option<KeyView>,
    /// The statement of a genesis about its log.
    pub genesis: Option<GenesisView>,
    /// Code of the reason for which a key event changed nothing.
    pub no_effect: Option<&'static str>,
    /// The verdict on the signatures as of the checkpoint: `valid`, `compromised`, `unknown-key`, `revoked-key`,
    /// `actor-mismatch`, `other-log`, `invalid` or `none`.
    pub signature: &'static str,
    /// The verdict by the entries before the event alone: `valid` for an event that is `compromised` now.
    pub signature_then: &'static str,
    /// Index of the key event that withdraws a compromised event: it counts in no longer prefix of the log.
    pub withdrawn_at: Option<u64>,
    /// The key that decided the verdict; for a valid event the one that vouches for it.
    pub keyid: Option<String>,
    /// `replayed`, `register-conflict`, `new-name-wrong`, `other-contents`, `no-effect`, `acknowledged`, `claimed-late`,
    /// `claimed-early`.
    pub notes: Vec<&'static str>,
}

/// The times of an event, in seconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TimeView {
    /// `occurredAt`, as a number.
    pub claimed: Option<u64>,
    /// A quorum of witnesses vouches that the log did not have the event at this time.
    pub not_before: Option<u64>,
    /// A quorum of witnesses had cosigned a tree with the event by this time.
    pub not_after: Option<u64>,
}

impl TimeView {
    /// Returns false if the event came into the log before `from` or after `to`, as witnesses vouch. An event that they say
    /// too little of may have come at any time.
    pub(crate) fn may_be_within(&self, from: Option<u64>, to: Option<u64>) -> bool {
        let is_before = self
            .not_after
            .zip(from)
            .is_some_and(|(after, from)| after < from);
        let is_after = self
            .not_before
            .zip(to)
            .is_some_and(|(before, to)| before > to);
        !is_before && !is_after
    }
}

/// The outcome of judging one event.
pub(crate) struct Finding {
    pub(crate) status: SignatureStatus,
    pub(crate) notes: Vec<&'static str>,
    /// Code of the reason for which a key event changed nothing.
    pub(crate) no_effect: Option<&'static str>,
}

/// One subject of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SubjectView {
    /// Its name.
    pub name: String,
    /// `sha256:` and hex.
    pub digest: String,
    /// Every digest, algorithm, colon and hex, in the order of the text.
    pub digests: Vec<String>,
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileView {
    /// Path below the folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// `sha256:` and hex.
    pub digest: String,
}

/// A list of files that stands beside the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileListView {
    /// `sha256:` and hex of its text.
    pub digest: String,
    /// Number of its files.
    pub files: u64,
}

/// The reason of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReasonView {
    /// A short code; key events have none.
    pub code: Option<String>,
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
    pub from: PartyView,
    /// The custodian who receives.
    pub to: PartyView,
}

/// One side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PartyView {
    /// The holder of the artifact.
    pub custodian: String,
    /// The location of the artifact.
    pub location: Option<String>,
}

/// An emergency in which the rules were bypassed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ExceptionView {
    /// `emergency` or `break-glass`.
    pub kind: String,
    /// The approvers.
    pub approved_by: Vec<String>,
    /// End of the exception, as claimed.
    pub expires_at: String,
    /// Latest time of its review, as claimed.
    pub review_by: String,
}

/// The key that a key event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// Its id.
    pub keyid: String,
    /// The key, one PEM block.
    pub spki: String,
    /// In a revocation, the first index whose events are no longer trusted.
    pub compromised_since: Option<u64>,
}

/// The statement of a genesis about its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GenesisView {
    /// Version of the log's format.
    pub format_version: u64,
    /// Ids of the admins' keys.
    pub admins: Vec<String>,
    /// Number of admins who must sign a key event.
    pub threshold: u64,
    /// The closed log that this one succeeds.
    pub succeeds: Option<PredecessorView>,
}

/// The final state of a closed log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PredecessorView {
    /// Its origin.
    pub log: String,
    /// Number of its entries.
    pub size: u64,
    /// Root of its final checkpoint, base64.
    pub root: Hash,
    /// Digest of its keys at its end, base64.
    pub keys: Hash,
}

impl EventView {
    /// Returns true if the event is evidence of what it says: an access that was neither denied nor failed, signed by a
    /// key valid at its position, and no copy.
    #[must_use]
    pub fn is_evidence(&self) -> bool {
        self.is_done() && self.signature == SignatureStatus::VALID
    }

    /// Returns true if its signature counts as of the checkpoint.
    pub(crate) fn counts(&self) -> bool {
        self.signature == SignatureStatus::VALID
    }

    /// Returns true if the event would be evidence had its key not been reported compromised.
    pub(crate) fn is_compromised(&self) -> bool {
        self.is_done() && self.signature == SignatureStatus::COMPROMISED
    }

    /// Returns true for the first copy of an access that was neither denied nor failed.
    fn is_done(&self) -> bool {
        self.r#type == "access"
            && self.outcome.as_deref() == Some(Outcome::Success.as_str())
            && !self.notes.contains(&REPLAYED)
    }

    /// Returns true if this is an access with that action.
    pub(crate) fn does(&self, action: Action) -> bool {
        self.action.as_deref() == Some(action.as_str())
    }

    pub(crate) fn new(index: u64, leaf_hash: Hash, parsed: &ParsedEntry, finding: Finding) -> Self {
        let status = &finding.status;
        let mut unjudged = Self::unjudged(index, leaf_hash, parsed);
        if let Event::Key(_) = parsed.event {
            let is_effective = finding.no_effect.is_none() && status.had_effect();
            let outcome = if is_effective { "success" } else { "failure" };
            unjudged.outcome = Some(outcome.to_string());
        }
        let keyid = status.keyid().filter(|keyid| !keyid.is_empty());
        Self {
            signature: status.as_str(),
            signature_then: status.then(),
            withdrawn_at: status.withdrawn_at(),
            keyid: keyid.map(String::from).or(unjudged.keyid),
            notes: finding.notes,
            no_effect: finding.no_effect,
            ..unjudged
        }
    }

    /// An event whose entry is proven, before its signature is judged; for progress, never in a report.
    pub(crate) fn unjudged(index: u64, leaf_hash: Hash, parsed: &ParsedEntry) -> Self {
        let keyid = Some(parsed.keyid()).filter(|keyid| !keyid.is_empty());
        let mut view = Self {
            index,
            leaf_hash,
            r#type: parsed.event.type_name(),
            predicate_type: None,
            log: parsed.event.log().map(ToString::to_string),
            action: None,
            outcome: None,
            weight: None,
            new_name: false,
            actor: None,
            actor_type: None,
            roles: Vec::new(),
            on_behalf_of: None,
            occurred_at: None,
            time: TimeView::default(),
            event_id: None,
            subjects: parsed.subjects.iter().map(SubjectView::from).collect(),
            reason: None,
            environment: None,
            region: None,
            pipeline: None,
            transfer: None,
            policy: None,
            exception: None,
            references: Vec::new(),
            acts_on: None,
            files: None,
            file_list: None,
            key: None,
            genesis: None,
            no_effect: None,
            signature: "undecided",
            signature_then: "undecided",
            withdrawn_at: None,
            keyid: keyid.map(ToString::to_string),
            notes: Vec::new(),
        };
        match &parsed.event {
            Event::Access(access) => view.show_access(access),
            Event::Key(key) => view.show_key(key),
            Event::LogKey(event) => view.show_log_key(event),
            Event::Genesis(genesis) => view.genesis = Some(GenesisView::from(genesis)),
            Event::Other(other) => view.predicate_type = Some(other.predicate_type.clone()),
            Event::Acknowledgement(event) => {
                view.reason = Some(ReasonView::from_words(&event.reason));
            }
        }
        view
    }

    fn show_access(&mut self, access: &AccessEvent) {
        self.action = Some(access.action.to_string());
        self.outcome = Some(access.outcome.to_string());
        self.weight = Some(access.action.weight().as_str());
        self.new_name = access.new_name;
        self.actor = Some(access.actor.id.clone());
        self.actor_type = Some(access.actor.kind.to_string());
        self.roles.clone_from(&access.actor.roles);
        self.on_behalf_of.clone_from(&access.actor.on_behalf_of);
        self.occurred_at = Some(access.occurred_at.clone());
        self.time.claimed = time::parse(&access.occurred_at);
        self.event_id = Some(access.event_id.clone());
        self.reason = access.reason.as_ref().map(ReasonView::from);
        self.environment.clone_from(&access.context.environment);
        self.region.clone_from(&access.context.region);
        self.pipeline.clone_from(&access.context.pipeline);
        self.transfer = access.transfer.as_ref().map(TransferView::from);
        self.policy.clone_from(&access.policy);
        self.exception = access.exception.as_ref().map(ExceptionView::from);
        self.references.clone_from(&access.references);
        self.acts_on = access.acts_on.map(|hash| hash.to_string());
        let files = access.files.iter().map(|file| FileView {
            path: file.path.clone(),
            size: file.size,
            digest: format!("sha256:{}", file.digest.to_hex()),
        });
        self.files = (!access.files.is_empty()).then(|| files.collect());
        self.file_list = access.file_list.as_ref().map(|list| FileListView {
            digest: format!("sha256:{}", list.digest.to_hex()),
            files: list.files,
        });
    }

    fn show_log_key(&mut self, event: &LogKeyEvent) {
        self.action = Some("rotate".to_string());
        self.weight = Some(Weight::Material.as_str());
        self.reason = Some(ReasonView::from_words(&event.reason));
    }

    fn show_key(&mut self, event: &KeyEvent) {
        self.action = Some(event.op.as_str().to_string());
        self.weight = Some(Weight::Material.as_str());
        self.actor = Some(event.actor.clone());
        self.reason = event.reason.as_deref().map(ReasonView::from_words);
        self.acts_on = event.acts_on.map(|hash| hash.to_string());
        self.key = Some(KeyView {
            keyid: event.spki.key_id(),
            spki: event.spki.pem_block(),
            compromised_since: event.compromised_since,
        });
    }
}

impl From<&Subject> for SubjectView {
    fn from(subject: &Subject) -> Self {
        let digests = subject.digests.iter();
        Self {
            name: subject.name.clone(),
            digest: format!("sha256:{}", subject.sha256()),
            digests: digests
                .map(|(algorithm, hex)| format!("{algorithm}:{hex}"))
                .collect(),
        }
    }
}

impl ReasonView {
    /// A reason that the admins give in words alone.
    fn from_words(words: &str) -> Self {
        Self {
            code: None,
            text: Some(words.to_string()),
            ticket: None,
        }
    }
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        Self {
            code: Some(reason.code.clone()),
            text: reason.text.clone(),
            ticket: reason.ticket.clone(),
        }
    }
}

impl From<&Transfer> for TransferView {
    fn from(transfer: &Transfer) -> Self {
        let party = |party: &Party| PartyView {
            custodian: party.custodian.clone(),
            location: party.location.clone(),
        };
        Self {
            from: party(&transfer.from),
            to: party(&transfer.to),
        }
    }
}

impl From<&Exception> for ExceptionView {
    fn from(exception: &Exception) -> Self {
        Self {
            kind: exception.kind.clone(),
            approved_by: exception.approved_by.clone(),
            expires_at: exception.expires_at.clone(),
            review_by: exception.review_by.clone(),
        }
    }
}

impl From<&Genesis> for GenesisView {
    fn from(genesis: &Genesis) -> Self {
        let succeeds = |before: &Predecessor| PredecessorView {
            log: before.log.clone(),
            size: before.head.size,
            root: before.head.root,
            keys: before.keys,
        };
        Self {
            format_version: FORMAT_VERSION,
            admins: genesis.admins.iter().map(Spki::key_id).collect(),
            threshold: u64::try_from(genesis.threshold).unwrap_or(u64::MAX),
            succeeds: genesis.succeeds.as_deref().map(succeeds),
        }
    }
}
