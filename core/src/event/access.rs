//! Access events: an actor, its action on artifacts, time, place and reason (docs/formats/events.md, "Artifact
//! access").
//!
//! The evidentiary weight follows from the action and is never declared: *routine* actions need a signature, *material*
//! ones also a reason, *custody* ones also both parties.

use crate::event::action::{Action, ActorType, Outcome};
use crate::event::fields::{MemberError, Members};
use crate::event::file_list::{self, FileList, FolderFile, is_file_path};
use crate::event::file_list_text::parse_digest;
use crate::event::statement::{self, Statement, Subject};
use crate::merkle::hash::Hash;
use crate::text::escape;
use crate::text::json_value::Value;
use crate::text::limits::{MAX_LIST, MAX_LISTED_FILES};
use crate::text::time;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Predicate type of access events.
pub(crate) const PREDICATE_TYPE: &str = "https://glasslog.dev/artifact-access/v1";

/// The actor of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The id that the signing key is enrolled for.
    pub id: String,
    /// Its kind.
    pub kind: ActorType,
    /// Its roles, as claimed.
    pub roles: Vec<String>,
    /// The actor on whose behalf it acted, as claimed.
    pub on_behalf_of: Option<String>,
}

/// The place of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The environment, such as `prod`.
    pub environment: Option<String>,
    /// The region, such as `eu-west-1`.
    pub region: Option<String>,
    /// The pipeline, an object with a `name` and whatever else the actor says of it.
    pub pipeline: Option<Value<'static>>,
}

impl Context {
    /// Makes a pipeline of which only the name is said.
    #[must_use]
    pub fn pipeline_named(name: &str) -> Value<'static> {
        Value::object([("name", text(name))]).into_owned()
    }
}

/// The reason of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A code to filter by.
    pub code: String,
    /// A text for people.
    pub text: Option<String>,
    /// A reference into a tracker.
    pub ticket: Option<String>,
}

/// One side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The holder of the artifact.
    pub custodian: String,
    /// The location of the artifact.
    pub location: Option<String>,
}

/// Both sides of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The giving side.
    pub from: Party,
    /// The receiving side.
    pub to: Party,
}

/// An emergency in which the rules were bypassed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// `emergency` or `break-glass`.
    pub kind: String,
    /// The approvers, at least one.
    pub approved_by: Vec<String>,
    /// End of the exception, RFC 3339.
    pub expires_at: String,
    /// Latest time of its review, RFC 3339.
    pub review_by: String,
}

/// One access to artifacts, as its actor reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEvent {
    /// Origin of the log that it is signed for.
    pub log: String,
    /// A UUID in lower case.
    pub event_id: String,
    /// The action.
    pub action: Action,
    /// The outcome.
    pub outcome: Outcome,
    /// Time by the actor's clock, RFC 3339 as written.
    pub occurred_at: String,
    /// The actor.
    pub actor: Actor,
    /// The place.
    pub context: Context,
    /// The reason.
    pub reason: Option<Reason>,
    /// The two sides of a transfer.
    pub transfer: Option<Transfer>,
    /// The policy decision, an object with `engine`, `policySet` and `decision`, and whatever else the actor says of it.
    pub policy: Option<Value<'static>>,
    /// Other documents, each an object with its `digest`.
    pub references: Vec<Value<'static>>,
    /// The exception, if the rules were bypassed.
    pub exception: Option<Exception>,
    /// Leaf hash of the event that this one acts on.
    pub acts_on: Option<Hash>,
    /// True in the registration that makes a bare name owned, which has the member `newName`.
    pub new_name: bool,
    /// Files of the folder that is registered as the first subject; some of them if there is a `file_list`.
    pub files: Vec<FolderFile>,
    /// The list of all its files, if they are not all in `files`.
    pub file_list: Option<FileListReference>,
}

/// A list of files that stands beside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileListReference {
    /// SHA-256 of its text.
    pub digest: Hash,
    /// Number of its files.
    pub files: u64,
}

/// The reason why a Statement is not an access event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// A member is missing or malformed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The action requires a reason in code and text.
    #[error("action `{action}` needs a reason with `code` and `text`")]
    ReasonMissing {
        /// The action.
        action: Action,
    },
    /// The action requires both parties.
    #[error("action `{action}` needs `transfer` with `from` and `to`")]
    TransferMissing {
        /// The action.
        action: Action,
    },
    /// Files are listed in a registration only.
    #[error("action `{action}` lists no files: `files` and `fileList` belong to `register`")]
    FilesElsewhere {
        /// The action.
        action: Action,
    },
    /// The files are not those of the first subject.
    #[error("the listed files have the digest `{}`, but the first subject has `{}`", computed.to_hex(), escape::excerpt(.claimed))]
    FilesRoot {
        /// SHA-256 of the first subject, hex.
        claimed: String,
        /// Digest of the listed files.
        computed: Hash,
    },
    /// The action requires the event that it acts on.
    #[error("action `{action}` needs `actsOn`, the leaf hash of the event that it acts on")]
    ActsOnMissing {
        /// The action.
        action: Action,
    },
}

impl AccessError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Member(error) => error.code(),
            Self::ReasonMissing { .. } => "access-reason-missing",
            Self::TransferMissing { .. } => "access-transfer-missing",
            Self::FilesElsewhere { .. } => "access-files-elsewhere",
            Self::FilesRoot { .. } => "access-files-root",
            Self::ActsOnMissing { .. } => "access-acts-on-missing",
        }
    }
}

impl AccessEvent {
    /// Converts a Statement of this predicate type.
    pub(crate) fn parse(statement: &Statement<'_>) -> Result<Self, AccessError> {
        let members = Members::of(&statement.predicate, "predicate")?;
        let event = Self {
            log: members.name("log")?,
            event_id: members.text_if("eventId", is_uuid, "a UUID in lower case")?,
            action: word(
                &members,
                "action",
                Action::parse,
                "an action of artifact-access/v1",
            )?,
            outcome: word(
                &members,
                "outcome",
                Outcome::parse,
                "`success`, `denied` or `failure`",
            )?,
            occurred_at: timestamp(&members, "occurredAt")?,
            actor: parse_actor(&members)?,
            context: parse_context(&members)?,
            reason: members.maybe("reason", parse_reason)?,
            transfer: members.maybe("transfer", parse_transfer)?,
            policy: members.maybe("policy", parse_policy)?,
            references: members
                .maybe("references", parse_references)?
                .unwrap_or_default(),
            exception: parse_exception(&members)?,
            acts_on: members.maybe("actsOn", Members::leaf_hash)?,
            new_name: parse_new_name(&members)?,
            files: members.maybe("files", parse_files)?.unwrap_or_default(),
            file_list: members.maybe("fileList", parse_file_list)?,
        };
        event.check_weight()?;
        event.check_files(&statement.subjects)?;
        Ok(event)
    }

    /// Checks that the event has the members that its action requires.
    fn check_weight(&self) -> Result<(), AccessError> {
        let action = self.action;
        let says_why = |reason: &Reason| {
            reason
                .text
                .as_ref()
                .is_some_and(|text| !text.trim().is_empty())
        };
        if action.needs_reason() && !self.reason.as_ref().is_some_and(says_why) {
            return Err(AccessError::ReasonMissing { action });
        }
        if action.needs_transfer() && self.transfer.is_none() {
            return Err(AccessError::TransferMissing { action });
        }
        if action.answers().is_some() && self.acts_on.is_none() {
            return Err(AccessError::ActsOnMissing { action });
        }
        Ok(())
    }

    /// Checks that the files are listed in a registration, and that they are those of its first subject.
    fn check_files(&self, subjects: &[Subject]) -> Result<(), AccessError> {
        let action = self.action;
        if self.files.is_empty() && self.file_list.is_none() {
            return Ok(());
        }
        if action != Action::Register {
            return Err(AccessError::FilesElsewhere { action });
        }
        // Some of the files have no digest that could be compared.
        if self.file_list.is_some() {
            return Ok(());
        }
        let computed = file_list::root(&self.files);
        let claimed = subjects.first().map_or("", Subject::sha256);
        if claimed != computed.to_hex() {
            return Err(AccessError::FilesRoot {
                claimed: claimed.into(),
                computed,
            });
        }
        Ok(())
    }

    /// Tells whether the action was done, and neither denied nor failed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.outcome == Outcome::Success
    }

    /// Returns the time by the actor's clock, in seconds since the epoch.
    #[must_use]
    pub fn occurred_at_seconds(&self) -> u64 {
        time::parse(&self.occurred_at).unwrap_or_default()
    }

    /// Makes the Statement about its subjects.
    #[must_use]
    pub fn to_statement(&self, subjects: &[Subject]) -> Statement<'_> {
        Statement {
            subjects: subjects.into(),
            predicate_type: PREDICATE_TYPE.into(),
            predicate: self.predicate(),
        }
    }

    fn predicate(&self) -> Value<'_> {
        let actor = &self.actor;
        let roles = (!actor.roles.is_empty()).then(|| list(&actor.roles));
        let context = &self.context;
        let context = Value::sparse_object([
            ("environment", context.environment.as_deref().map(text)),
            ("region", context.region.as_deref().map(text)),
            ("pipeline", context.pipeline.clone()),
        ]);
        Value::sparse_object([
            ("log", Some(text(&self.log))),
            ("eventId", Some(text(&self.event_id))),
            ("action", Some(Value::from(self.action.as_str()))),
            ("outcome", Some(Value::from(self.outcome.as_str()))),
            ("occurredAt", Some(text(&self.occurred_at))),
            (
                "actor",
                Some(Value::sparse_object([
                    ("id", Some(text(&actor.id))),
                    ("type", Some(Value::from(actor.kind.as_str()))),
                    ("roles", roles),
                    ("onBehalfOf", actor.on_behalf_of.as_deref().map(text)),
                ])),
            ),
            (
                "context",
                (context != Value::sparse_object([])).then_some(context),
            ),
            ("reason", self.reason.as_ref().map(encode_reason)),
            ("transfer", self.transfer.as_ref().map(encode_transfer)),
            ("policy", self.policy.clone()),
            (
                "references",
                (!self.references.is_empty()).then(|| Value::Array(self.references.clone())),
            ),
            ("exception", self.exception.as_ref().map(encode_exception)),
            (
                "actsOn",
                self.acts_on.map(|hash| Value::from(hash.to_base64())),
            ),
            ("newName", self.new_name.then_some(Value::Bool(true))),
            (
                "files",
                (!self.files.is_empty()).then(|| encode_files(&self.files)),
            ),
            ("fileList", self.file_list.as_ref().map(encode_file_list)),
        ])
    }
}

/// Tells whether a text is a UUID as RFC 9562 writes it: 8-4-4-4-12 digits of lower-case hex.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn word<T>(
    members: &Members<'_>,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    expected: &'static str,
) -> Result<T, MemberError> {
    parse(members.string(name)?).ok_or_else(|| members.refuse(name, expected))
}

fn timestamp(members: &Members<'_>, name: &str) -> Result<String, MemberError> {
    let is_time = |text: &str| time::parse(text).is_some();
    members.text_if(name, is_time, "a time like `2026-11-22T15:04:05Z`")
}

fn parse_actor(members: &Members<'_>) -> Result<Actor, MemberError> {
    let actor = members.object("actor", "predicate.actor")?;
    let expected = "`human`, `workload`, `service` or `agent`";
    Ok(Actor {
        id: actor.name("id")?,
        kind: word(&actor, "type", ActorType::parse, expected)?,
        roles: actor.maybe("roles", Members::names)?.unwrap_or_default(),
        on_behalf_of: actor.maybe("onBehalfOf", Members::name)?,
    })
}

fn parse_context(members: &Members<'_>) -> Result<Context, MemberError> {
    let Some(value) = members.optional("context") else {
        return Ok(Context::default());
    };
    let context = Members::of(value, "predicate.context")?;
    let pipeline = context.maybe("pipeline", |context, name| {
        let pipeline = context.required(name)?;
        Members::of(pipeline, "predicate.context.pipeline")?.label("name")?;
        Ok(pipeline.clone().into_owned())
    })?;
    Ok(Context {
        environment: context.maybe("environment", Members::label)?,
        region: context.maybe("region", Members::label)?,
        pipeline,
    })
}

fn parse_reason(members: &Members<'_>, name: &str) -> Result<Reason, MemberError> {
    let reason = members.object(name, "predicate.reason")?;
    Ok(Reason {
        code: reason.name("code")?,
        text: reason.maybe("text", Members::text)?,
        ticket: reason.maybe("ticket", Members::text)?,
    })
}

fn encode_reason(reason: &Reason) -> Value<'_> {
    Value::sparse_object([
        ("code", Some(text(&reason.code))),
        ("text", reason.text.as_deref().map(text)),
        ("ticket", reason.ticket.as_deref().map(text)),
    ])
}

fn parse_transfer(members: &Members<'_>, name: &str) -> Result<Transfer, MemberError> {
    let transfer = members.object(name, "predicate.transfer")?;
    let party = |party: Members<'_>| {
        Ok(Party {
            custodian: party.label("custodian")?,
            location: party.maybe("location", Members::text)?,
        })
    };
    Ok(Transfer {
        from: party(transfer.object("from", "predicate.transfer.from")?)?,
        to: party(transfer.object("to", "predicate.transfer.to")?)?,
    })
}

fn encode_transfer(transfer: &Transfer) -> Value<'_> {
    Value::object([
        ("from", encode_party(&transfer.from)),
        ("to", encode_party(&transfer.to)),
    ])
}

fn encode_party(party: &Party) -> Value<'_> {
    Value::sparse_object([
        ("custodian", Some(text(&party.custodian))),
        ("location", party.location.as_deref().map(text)),
    ])
}

/// Reads the exception; `null` states that there was none.
fn parse_exception(members: &Members<'_>) -> Result<Option<Exception>, MemberError> {
    if members.optional("exception") == Some(&Value::Null) {
        return Ok(None);
    }
    members.maybe("exception", |members, name| {
        let exception = members.object(name, "predicate.exception")?;
        let is_kind = |kind: &str| matches!(kind, "emergency" | "break-glass");
        let approved_by = exception.names("approvedBy")?;
        if approved_by.is_empty() {
            return Err(exception.refuse("approvedBy", "a list of at least one approver"));
        }
        Ok(Exception {
            kind: exception.text_if("kind", is_kind, "`emergency` or `break-glass`")?,
            approved_by,
            expires_at: timestamp(&exception, "expiresAt")?,
            review_by: timestamp(&exception, "reviewBy")?,
        })
    })
}

fn encode_exception(exception: &Exception) -> Value<'_> {
    Value::object([
        ("kind", text(&exception.kind)),
        ("approvedBy", list(&exception.approved_by)),
        ("expiresAt", text(&exception.expires_at)),
        ("reviewBy", text(&exception.review_by)),
    ])
}

/// Reads the member `newName`, which is present in a registration that states it, and only as `true`.
fn parse_new_name(members: &Members<'_>) -> Result<bool, MemberError> {
    match members.optional("newName") {
        None => Ok(false),
        Some(Value::Bool(true)) if members.string("action") == Ok("register") => Ok(true),
        Some(_) => Err(members.refuse("newName", "`true`, and in a registration only")),
    }
}

/// Reads the policy decision, which later versions replay.
fn parse_policy(members: &Members<'_>, name: &str) -> Result<Value<'static>, MemberError> {
    let value = members.required(name)?;
    let policy = Members::of(value, "predicate.policy")?;
    policy.label("engine")?;
    policy.object("policySet", "predicate.policy.policySet")?;
    let is_decision = |text: &str| matches!(text, "allow" | "deny" | "not-evaluated");
    policy.text_if(
        "decision",
        is_decision,
        "`allow`, `deny` or `not-evaluated`",
    )?;
    Ok(value.clone().into_owned())
}

/// Reads references, each of which names its document by digest.
fn parse_references(members: &Members<'_>, name: &str) -> Result<Vec<Value<'static>>, MemberError> {
    let mut references = Vec::new();
    for item in members.list(name, MAX_LIST)? {
        let reference = Members::of(item, "predicate.references[]")?;
        statement::parse_digests(&reference, "digest")?;
        references.push(item.clone().into_owned());
    }
    Ok(references)
}

/// Reads the files of a folder, in ascending order of their paths.
fn parse_files(members: &Members<'_>, name: &str) -> Result<Vec<FolderFile>, MemberError> {
    let mut files = Vec::new();
    for item in members.list(name, MAX_LISTED_FILES)? {
        let file = Members::of(item, "predicate.files[]")?;
        files.push(FolderFile {
            path: file.text_if("path", is_file_path, "the relative path of a file")?,
            size: file.count("size")?,
            digest: sha256_digest(&file)?,
        });
    }
    match FileList::from_sorted(files) {
        Ok(files) => Ok(files.into_files()),
        Err(_) => Err(members.refuse(
            name,
            "at least one file, in the order of their paths, each once",
        )),
    }
}

fn parse_file_list(members: &Members<'_>, name: &str) -> Result<FileListReference, MemberError> {
    let list = members.object(name, "predicate.fileList")?;
    Ok(FileListReference {
        digest: sha256_digest(&list)?,
        files: list.count("files")?,
    })
}

fn sha256_digest(members: &Members<'_>) -> Result<Hash, MemberError> {
    parse_digest(members.string("digest")?)
        .ok_or_else(|| members.refuse("digest", "`sha256:` and 64 digits of lower-case hex"))
}

fn encode_files(files: &[FolderFile]) -> Value<'_> {
    let files = files.iter().map(|file| {
        Value::object([
            ("path", text(&file.path)),
            ("size", Value::Int(file.size.try_into().unwrap_or(i64::MAX))),
            (
                "digest",
                Value::from(format!("sha256:{}", file.digest.to_hex())),
            ),
        ])
    });
    Value::Array(files.collect())
}

fn encode_file_list(list: &FileListReference) -> Value<'_> {
    Value::object([
        (
            "digest",
            Value::from(format!("sha256:{}", list.digest.to_hex())),
        ),
        (
            "files",
            Value::Int(list.files.try_into().unwrap_or(i64::MAX)),
        ),
    ])
}

fn text(text: &str) -> Value<'_> {
    Value::from(text)
}

fn list(names: &[String]) -> Value<'_> {
    Value::Array(names.iter().map(|name| text(name)).collect())
}
