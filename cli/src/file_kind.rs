//! Kinds of files, recognised by their content alone, because a name can lie: a file that is given where another kind is wanted
//! is named for what it is.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use glasslog_core::event;
use glasslog_core::fetch::HEADER;
use glasslog_core::note::{Checkpoint, SignatureType, SignerKey, VerifierKey};
use glasslog_core::trust::{Section, TrustPolicy};

use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::Failure;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Bundle,
    Inconsistency,
    Fraud,
    EntryProof,
    AuditState,
    MonitorState,
    MirrorMark,
    WitnessDatabase,
    WitnessGeneration,
    LogList,
    /// A secret key that signs notes; its type tells whose it can be.
    SignerKey(Option<SignatureType>),
    /// The public half of such a key.
    VerifierKey(SignatureType),
    ActorKey,
    ActorPublic,
    Event,
    Checkpoint,
    Policy,
}

/// Bytes by which a file is recognised that is not read whole: more than a key or a checkpoint has.
const BEGINNING: u64 = 64 << 10;

/// First bytes of the files that say what they are.
const MAGIC: [(&[u8], FileKind); 10] = [
    (HEADER.as_bytes(), FileKind::Bundle),
    (b"glasslog-inconsistency/", FileKind::Inconsistency),
    (b"glasslog-index-fraud/", FileKind::Fraud),
    (b"c2sp.org/tlog-proof@", FileKind::EntryProof),
    (b"glasslog-audit-state/", FileKind::AuditState),
    (b"glasslog-monitor-state/", FileKind::MonitorState),
    (b"glasslog-mirror/", FileKind::MirrorMark),
    (b"redb\x1a\x0a\xa9\x0d\x0a", FileKind::WitnessDatabase),
    (b"glasslog-witness-generation/", FileKind::WitnessGeneration),
    (b"logs/v0\n", FileKind::LogList),
];

/// Words that begin a line of a trust policy with a key.
const WITH_KEYS: [&str; 2] = ["log ", "witness "];

impl FileKind {
    /// Returns the kind of a file with this content; `None` if it is none that tells itself apart.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let magic = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
        if let Some((_, kind)) = magic {
            return Some(*kind);
        }
        let text = str::from_utf8(bytes).ok()?;
        let line = text.trim_end();
        if text.starts_with("PRIVATE+KEY+") {
            let key = SignerKey::parse(line).ok();
            let found = key.map(|key| key.verifier().signature_type());
            return Some(Self::SignerKey(found));
        }
        if text.contains("-----BEGIN PUBLIC KEY-----") {
            return Some(Self::ActorPublic);
        }
        if text.contains(" PRIVATE KEY-----") {
            return Some(Self::ActorKey);
        }
        if text.starts_with('{') {
            return event::parse(line.as_bytes()).ok().map(|_| Self::Event);
        }
        if text.contains("\n\n\u{2014} ") {
            let checkpoint = Checkpoint::parse(bytes);
            return checkpoint.ok().map(|_| Self::Checkpoint);
        }
        if let Ok(key) = VerifierKey::parse(line) {
            return Some(Self::VerifierKey(key.signature_type()));
        }
        let is_policy = text.lines().any(|line| {
            let is_section = Section::ALL.iter().any(|it| line.starts_with(it.name()));
            let has_key = WITH_KEYS.iter().any(|word| line.starts_with(word));
            is_section || has_key && line.contains('+')
        });
        (is_policy || TrustPolicy::parse(bytes).is_ok()).then_some(Self::Policy)
    }

    /// Returns the kind of the file at `path` by its beginning; `None` if it cannot be read.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        // A pipe can be read only once.
        if !path.is_file() {
            return None;
        }
        let mut bytes = Zeroizing::new(Vec::new());
        let file = File::open(path).ok()?;
        file.take(BEGINNING).read_to_end(&mut bytes).ok()?;
        Self::of(&bytes)
    }

    /// Returns the kind in words, with its article.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Bundle => "a bundle",
            Self::Inconsistency => "the evidence of an inconsistency",
            Self::Fraud => "a fraud proof",
            Self::EntryProof => "a proof of an entry",
            Self::AuditState => "the state of `glasslog audit --resume`",
            Self::MonitorState => "the state of `glasslog monitor`",
            Self::MirrorMark => "the mark of a copy that `glasslog mirror` keeps",
            Self::WitnessDatabase => "the database of `glasslog witness serve`",
            Self::WitnessGeneration => "the generation file of `glasslog witness serve`",
            Self::LogList => "a list of logs for `glasslog witness serve --logs`",
            Self::SignerKey(Some(of)) => return format!("the secret key of {}", holders(of)),
            Self::SignerKey(None) => "a secret key, but not a whole one",
            Self::VerifierKey(of) => return format!("the public key of {}", holders(of)),
            Self::ActorKey => "the secret key of an actor or admin",
            Self::ActorPublic => "the public key of an actor or admin",
            Self::Event => "a signed event",
            Self::Checkpoint => "a checkpoint",
            Self::Policy => "a trust policy",
        }
        .to_owned()
    }

    /// Returns what takes a file of this kind, or makes one, for a hint; `None` if its words say that.
    fn place(self) -> Option<&'static str> {
        Some(match self {
            Self::Bundle => {
                "`glasslog verify bundle` and `--since` take a bundle, `glasslog bundle` writes it"
            }
            Self::Inconsistency => {
                "`glasslog verify inconsistency` takes evidence of an inconsistency"
            }
            Self::Fraud => "`glasslog verify fraud` takes a fraud proof",
            Self::EntryProof => {
                "`glasslog verify proof` takes the proof of an entry, `glasslog prove` writes it"
            }
            Self::ActorKey => "`glasslog keygen --kind actor` makes a key that signs events",
            Self::ActorPublic => {
                "the public half of an actor's key is PATH.pub, beside the secret key that `glasslog keygen` wrote to PATH"
            }
            Self::Event => "`glasslog submit` takes a signed event",
            Self::Checkpoint => "`glasslog verify consistency` takes checkpoints",
            Self::Policy => {
                "`--policy` takes a trust policy; `glasslog init` writes one to LOG/trust.policy"
            }
            _ => return None,
        })
    }

    /// Returns true for the private files in which verbs keep what they know.
    pub(crate) const fn is_state(self) -> bool {
        matches!(
            self,
            Self::AuditState
                | Self::MonitorState
                | Self::MirrorMark
                | Self::WitnessDatabase
                | Self::WitnessGeneration
        )
    }

    /// Refuses the file at `path` if its content is recognised as that of another kind.
    ///
    /// # Errors
    /// It is of another kind (exit 8).
    pub(crate) fn check(self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        match Self::of(bytes) {
            Some(found) if found != self => Err(found.instead_of(self, path)),
            _ => Ok(()),
        }
    }

    /// Returns true for keys, of which each has one role.
    pub(crate) const fn is_key(self) -> bool {
        matches!(
            self,
            Self::SignerKey(_) | Self::VerifierKey(_) | Self::ActorKey | Self::ActorPublic
        )
    }

    /// Describes a file of this kind that is given for `wanted`.
    pub(crate) fn instead_of(self, wanted: Self, path: &Path) -> Failure {
        let (found, wanted_words) = (self.words(), wanted.words());
        let message = format!("`{}` is {found}, not {wanted_words}", path.display());
        let failure = match self.is_key() && wanted.is_key() {
            true => Failure::new(Exit::Usage, "wrong-key", message),
            false => Failure::new(Exit::Malformed, "wrong-file", message),
        };
        match wanted.place().or(self.place()) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// Returns the holders of keys of a type: it has one role, but for logs, indexes and witnesses with ML-DSA-44.
fn holders(of: SignatureType) -> &'static str {
    match of {
        SignatureType::Ed25519 => "a log or index",
        SignatureType::CosignatureV1 => "a witness",
        SignatureType::SubtreeV1 => "a log, index or witness",
        SignatureType::IndexAuditV1 | SignatureType::IndexAuditMlDsaV1 => "an auditor",
    }
}
