//! Logs for tests, the same to the byte on every run: fixed seeds, fixed times, no clock.
use std::fs;
use std::path::Path;

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{Envelope, Spki};
use glasslog_core::merkle::{
    ConsistencyProof, Hash, InclusionProof, ProofError, Subtree, TreeHead, leaf_hash, sha256,
    tree_root,
};
use glasslog_core::note::{Checkpoint, KeyName, Origin, SignatureType, SignerKey, cosignature};
use glasslog_core::text::wire::hex_encode;
use glasslog_core::tiles::{Edge, PublicFile};

/// Origin of the logs here.
pub const ORIGIN: &str = "models.example.com/access";
/// 2026-11-23T12:00:00Z, when verifications happen.
pub const NOW: u64 = 1_795_435_200;
/// Ten minutes earlier, when witnesses cosigned.
pub const COSIGNED: u64 = NOW - 600;

/// A secret key from a number.
pub fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

/// A key that signs notes, from a number.
pub fn signer(name: &str, kind: SignatureType, number: u8) -> SignerKey {
    SignerKey::new(
        KeyName::parse(name).expect("a key name"),
        kind,
        secret(number),
    )
}

/// The log's key.
pub fn log_key() -> SignerKey {
    signer(ORIGIN, SignatureType::Ed25519, 1)
}

/// One of three witnesses.
pub fn witness(number: u8) -> SignerKey {
    signer(
        &format!("witness{number}.example.org"),
        SignatureType::CosignatureV1,
        100 + number,
    )
}

/// An envelope around `predicate`, signed by these keys.
fn envelope(subjects: &[(&str, &str)], kind: &str, predicate: &str, signers: &[u8]) -> Vec<u8> {
    let subjects: Vec<String> = subjects
        .iter()
        .map(|(name, digest)| format!(r#"{{"name":"{name}","digest":{{"sha256":"{digest}"}}}}"#))
        .collect();
    let payload = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{}],"predicateType":"https://glasslog.dev/{kind}/v1","predicate":{predicate}}}"#,
        subjects.join(",")
    );
    let keys: Vec<SecretKey> = signers.iter().copied().map(secret).collect();
    let keys: Vec<&SecretKey> = keys.iter().collect();
    Envelope::sign(payload.into_bytes(), &keys)
        .expect("the payload fits")
        .encode()
}

/// SHA-256 in hex.
pub fn digest(bytes: &[u8]) -> String {
    hex_encode(sha256(bytes).as_bytes())
}

/// The public half of an actor's key.
pub fn spki(number: u8) -> Spki {
    Spki::new(secret(number).public())
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

/// The genesis entry, with one admin.
pub fn genesis(origin: &str, admin: u8) -> Vec<u8> {
    let pem = json(&spki(admin).pem_block());
    let predicate =
        format!(r#"{{"log":"{origin}","formatVersion":1,"admins":[{pem}],"threshold":1}}"#);
    envelope(
        &[(origin, &digest(origin.as_bytes()))],
        "genesis",
        &predicate,
        &[admin],
    )
}

/// An enrolment of key `number` for `actor`, signed by `admin`.
pub fn enrol(origin: &str, actor: &str, number: u8, admin: u8) -> Vec<u8> {
    key_event(origin, "enrol", actor, number, "", admin)
}

/// A revocation of key `number`, which the entry `enrolment` enrolled.
pub fn revoke(origin: &str, actor: &str, number: u8, admin: u8, enrolment: &[u8]) -> Vec<u8> {
    let acts_on = leaf_hash(enrolment);
    let more = format!(r#","reason":"key lost","actsOn":"{acts_on}""#);
    key_event(origin, "revoke", actor, number, &more, admin)
}

/// An acknowledgement that `entry` is at `index`.
pub fn acknowledge(origin: &str, index: u64, entry: &[u8], admin: u8) -> Vec<u8> {
    let hash = hex_encode(leaf_hash(entry).as_bytes());
    envelope(
        &[(&format!("entry:{index}"), &hash)],
        "acknowledge",
        &format!(r#"{{"log":"{origin}","reason":"a test entry, see ticket 7"}}"#),
        &[admin],
    )
}

fn key_event(origin: &str, op: &str, actor: &str, number: u8, more: &str, admin: u8) -> Vec<u8> {
    let spki = spki(number);
    let pem = json(&spki.pem_block());
    let predicate =
        format!(r#"{{"log":"{origin}","op":"{op}","actor":"{actor}","spki":{pem}{more}}}"#);
    envelope(
        &[(actor, &digest(&spki.der()))],
        "key",
        &predicate,
        &[admin],
    )
}

/// An access: action, artifact and actor.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The action.
    pub action: &'a str,
    /// The artifact's name.
    pub name: &'a str,
    /// Its content.
    pub content: &'a [u8],
    /// The actor.
    pub actor: &'a str,
    /// The key that signs.
    pub key: u8,
    /// Minute of the day, and part of the event's identifier.
    pub minute: u32,
    /// Why.
    pub reason: Option<&'a str>,
}

impl Access<'_> {
    /// The entry. A registration states that it is the first of its name.
    pub fn entry(&self, origin: &str) -> Vec<u8> {
        self.encode(origin, self.action == "register")
    }

    /// The entry, of a name that was registered before.
    pub fn entry_again(&self, origin: &str) -> Vec<u8> {
        self.encode(origin, false)
    }

    fn encode(&self, origin: &str, new_name: bool) -> Vec<u8> {
        let Self {
            action,
            name,
            content,
            actor,
            key,
            minute,
            reason,
        } = *self;
        let reason = reason.map_or_else(String::new, |text| {
            format!(r#","reason":{{"code":"test","text":{}}}"#, json(text))
        });
        let new_name = if new_name { r#","newName":true"# } else { "" };
        let predicate = format!(
            r#"{{"log":"{origin}","eventId":"019a8c3e-7d1b-7f0e-9b7a-{minute:012x}","action":"{action}","outcome":"success","occurredAt":"2026-11-22T{:02}:{:02}:00Z","actor":{{"id":"{actor}","type":"workload"}}{reason}{new_name}}}"#,
            minute / 60,
            minute % 60
        );
        envelope(
            &[(name, &digest(content))],
            "artifact-access",
            &predicate,
            &[key],
        )
    }
}

/// The same entry with a signature over something else.
pub fn forge(entry: &[u8]) -> Vec<u8> {
    let envelope = Envelope::parse(entry).expect("an envelope");
    let mut signature = envelope.signatures()[0].clone();
    signature.sig = secret(ADVERSARY).sign(b"something else").to_vec();
    let forged = Envelope::unsigned(envelope.payload().to_vec()).with_signature(signature);
    forged.expect("one signature").encode()
}

/// Whose signatures are worth nothing here.
const ADVERSARY: u8 = 66;

/// A log that is being built.
#[derive(Clone, Debug)]
pub struct Log {
    origin: String,
    edge: Edge,
    files: Vec<PublicFile>,
    published: u64,
    /// The entries so far.
    pub entries: Vec<Vec<u8>>,
}

impl Log {
    /// An empty log.
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            edge: Edge::new(),
            files: Vec::new(),
            published: 0,
            entries: Vec::new(),
        }
    }

    /// Appends an entry.
    pub fn add(&mut self, entry: Vec<u8>) {
        self.edge
            .append(&entry, |file| self.files.push(file))
            .expect("the entry fits");
        self.entries.push(entry);
    }

    /// Makes the partial tiles and bundles of this size part of the public tree.
    pub fn publish(&mut self) {
        self.files.extend(self.edge.partials(self.published));
        self.published = self.edge.size();
    }

    /// The checkpoint of this size, signed by `key` and cosigned by `witnesses`.
    pub fn checkpoint(&self, key: &SignerKey, witnesses: &[SignerKey], time: u64) -> Checkpoint {
        let origin = Origin::parse(&self.origin).expect("an origin");
        let mut checkpoint =
            Checkpoint::sign(&origin, self.edge.head(), key).expect("the key signs for the origin");
        for witness in witnesses {
            let signature =
                cosignature::cosign(&checkpoint, witness, time).expect("the witness cosigns");
            checkpoint = checkpoint
                .with_signature(signature)
                .expect("a new signature");
        }
        checkpoint
    }

    /// The tiles and bundles of every size published so far.
    pub fn files(&self) -> &[PublicFile] {
        &self.files
    }

    /// The size and the root.
    pub fn head(&self) -> TreeHead {
        self.edge.head()
    }

    /// Writes the public tree into `folder`, with this checkpoint.
    pub fn write(&self, folder: &Path, checkpoint: &Checkpoint) {
        for file in &self.files {
            put(&folder.join(&file.path), &file.bytes);
        }
        put(&folder.join("checkpoint"), &checkpoint.encode());
    }

    /// The proof that an entry is in it.
    pub fn inclusion(&self, index: u64) -> InclusionProof {
        InclusionProof::prove(index, self.edge.size(), |subtree| self.root_of(subtree))
            .expect("an entry of it")
    }

    /// The proof that the first `old` entries are a prefix of it.
    pub fn consistency(&self, old: usize) -> ConsistencyProof {
        let old = u64::try_from(old).expect("a small number");
        ConsistencyProof::prove(old, self.edge.size(), |subtree| self.root_of(subtree))
            .expect("a prefix of it")
    }

    /// Straight from the entries: RFC 6962, nothing cached.
    fn root_of(&self, subtree: Subtree) -> Result<Hash, ProofError> {
        let range = subtree.index << subtree.level..(subtree.index + 1) << subtree.level;
        let leaf = |index| self.leaf(usize::try_from(index).expect("a small number"));
        Ok(tree_root(&range.map(leaf).collect::<Vec<_>>()))
    }

    /// Leaf hash of an entry.
    pub fn leaf(&self, index: usize) -> Hash {
        leaf_hash(&self.entries[index])
    }
}

/// Writes a file and the folders above it.
pub fn put(path: &Path, bytes: &[u8]) {
    let parent = path.parent().expect("a file lies in a folder");
    fs::create_dir_all(parent).expect("folders can be made");
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
