//! A case: a log to serve, a policy to judge it by, a question, and the expected outcomes.
use std::path::Path;
use std::sync::Arc;

use super::stage::{Operator, RESNET, WEIGHTS, auditor, index_key};
use crate::fixture::{log_key, put};

/// Whom the policy of a case trusts for the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The key of the index; nobody checks it, and the client accepts its word.
    Index,
    /// The key of the index, and an auditor; without its cosignature a small log is read whole.
    Auditor,
}

/// Outcome of a verb: its exit code, the check that decided it, and the code of the broken rule in its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The exit code.
    pub exit: u8,
    /// The first check that did not pass, of those that matter; empty where all pass.
    pub check: &'static str,
    /// `error`, `fault` or `signature` in the evidence of that check; empty where there is none to tell.
    pub error: &'static str,
}

/// Outcome of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audited {
    /// The exit code.
    pub exit: u8,
    /// The kind of the fraud proof that it writes, if the lie is one that a file can show.
    pub fraud: Option<&'static str>,
}

/// One lie.
#[derive(Clone)]
pub struct Case {
    /// A name for files and messages.
    pub name: String,
    /// The operator's lie, in one sentence.
    pub lie: String,
    /// Whom the policy trusts.
    pub trust: Trust,
    /// Artifact of the question.
    pub artifact: &'static str,
    /// The content of a file of it, for `verify file`.
    pub content: &'static [u8],
    /// Expected outcome of `history`, `bundle` and the page.
    pub client: Seen,
    /// Expected outcome of `verify file`, if it differs.
    pub file: Option<Seen>,
    /// Number of events that a history shows.
    pub events: usize,
    /// Expected outcome of `audit`.
    pub auditor: Audited,
    /// The file that is missing or wrong, where a host is to blame.
    pub path: Option<String>,
    make: Arc<dyn Fn() -> Operator + Send + Sync>,
}

/// Nothing is wrong with the answer, so far as this verb can tell.
pub(super) const GOOD: Seen = Seen {
    exit: 0,
    check: "",
    error: "",
};

/// Something is.
pub(super) const fn seen(exit: u8, check: &'static str, error: &'static str) -> Seen {
    Seen { exit, check, error }
}

impl Case {
    /// A case about the artifact that has a history, which nobody sees through.
    pub(super) fn new(
        name: &str,
        lie: &str,
        make: impl Fn() -> Operator + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            lie: lie.into(),
            trust: Trust::Auditor,
            artifact: RESNET,
            content: WEIGHTS,
            client: GOOD,
            file: None,
            events: 0,
            auditor: Audited {
                exit: 0,
                fraud: None,
            },
            path: None,
            make: Arc::new(make),
        }
    }

    /// The policy names no auditor.
    pub(super) fn unaudited(mut self) -> Self {
        self.trust = Trust::Index;
        self
    }

    /// Another artifact is asked for.
    pub(super) fn about(mut self, artifact: &'static str, content: &'static [u8]) -> Self {
        (self.artifact, self.content) = (artifact, content);
        self
    }

    /// A client sees through it.
    pub(super) fn caught(mut self, client: Seen) -> Self {
        self.client = client;
        self
    }

    /// `verify file` sees something else.
    pub(super) fn file(mut self, file: Seen) -> Self {
        self.file = Some(file);
        self
    }

    /// This file is missing or wrong.
    pub(super) fn at(mut self, path: String) -> Self {
        self.path = Some(path);
        self
    }

    /// A history shows this many events.
    pub(super) fn shows(mut self, events: usize) -> Self {
        self.events = events;
        self
    }

    /// An auditor ends so.
    pub(super) fn audited(mut self, exit: u8) -> Self {
        self.auditor.exit = exit;
        self
    }

    /// An auditor sees through it, and can show it to everybody.
    pub(super) fn fraud(mut self, kind: &'static str) -> Self {
        self.auditor = Audited {
            exit: 3,
            fraud: Some(kind),
        };
        self
    }

    /// Returns the expected outcome of `verify file`.
    pub fn file_seen(&self) -> Seen {
        self.file.unwrap_or(self.client)
    }

    /// Writes the public tree, the policy and a file of the artifact: `public/`, `trust.policy`, `model.bin`.
    pub fn write(&self, folder: &Path) {
        let operator = (self.make)();
        for (path, bytes) in operator.served() {
            put(&folder.join("public").join(path), &bytes);
        }
        let policy = policy(self.trust, &operator);
        put(&folder.join("trust.policy"), policy.as_bytes());
        put(&folder.join("model.bin"), self.content);
    }

    /// The case without its files, for tests in other languages.
    pub fn describe(&self) -> serde_json::Value {
        let seen = |seen: Seen| serde_json::json!({"exit": seen.exit, "check": seen.check, "error": seen.error});
        serde_json::json!({
            "name": self.name,
            "lie": self.lie,
            "artifact": self.artifact,
            "acceptIndex": self.trust == Trust::Index,
            "client": seen(self.client),
            "file": seen(self.file_seen()),
            "path": self.path,
            "events": self.events,
            "auditor": {"exit": self.auditor.exit, "fraud": self.auditor.fraud},
        })
    }
}

/// The policy of those who ask the operator's log.
fn policy(trust: Trust, operator: &Operator) -> String {
    let audit = match trust {
        Trust::Index => String::new(),
        Trust::Auditor => format!(
            "[audit]\nwitness auditor {}\nquorum auditor\n",
            auditor().verifier()
        ),
    };
    format!(
        "[log]\nlog {}\nquorum none\n[index]\nlog {}\nquorum none\n{audit}[genesis]\n{}\n",
        log_key().verifier(),
        index_key().verifier(),
        operator.log.leaf(0),
    )
}
