//! The facts in each kind of file, as ordered JSON; the text form is an outline of the same.

use glasslog_core::event::{self, ParsedEntry, Spki, Statement};
use glasslog_core::fetch::Bundle;
use glasslog_core::index::fraud::Fraud;
use glasslog_core::merkle::{ConsistencyProof, Hash, leaf_hash};
use glasslog_core::note::{
    Checkpoint, Signature, SignatureType, SignerKey, TlogProof, VerifierKey,
};
use glasslog_core::text::json::Value;
use glasslog_core::text::time;
use glasslog_core::trust::{Policy, TrustPolicy};
use glasslog_core::verify::Inconsistency;

/// Length of a cosignature in a note: a time and an Ed25519 signature (tlog-cosignature, "Format").
const COSIGNATURES: [usize; 2] = [72, 2_428];

fn of(kind: &str, members: Vec<(&'static str, Value<'static>)>) -> Value<'static> {
    let head = [("schemaVersion", Value::Int(1)), ("kind", text(kind))];
    Value::Object(
        head.into_iter()
            .chain(members)
            .map(|(name, value)| (name.into(), value))
            .collect(),
    )
}

fn group(members: Vec<(&'static str, Value<'static>)>) -> Value<'static> {
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
    )
}

fn text(text: impl ToString) -> Value<'static> {
    Value::from(text.to_string())
}

/// Sizes beyond what JSON numbers here hold are shown as text.
fn number(number: u64) -> Value<'static> {
    i64::try_from(number).map_or_else(|_| text(number), Value::Int)
}

fn count(count: usize) -> Value<'static> {
    number(u64::try_from(count).unwrap_or(u64::MAX))
}

fn hashes(hashes: &[Hash]) -> Value<'static> {
    Value::Array(hashes.iter().map(text).collect())
}

pub(super) fn bundle(bundle: &Bundle<'_>) -> Value<'static> {
    let files = bundle
        .files()
        .map(|(path, bytes)| group(vec![("path", text(path)), ("bytes", count(bytes.len()))]));
    of(
        "bundle",
        vec![
            ("history", text(bundle.artifact())),
            ("exact", Value::Bool(bundle.exact())),
            ("files", Value::Array(files.collect())),
        ],
    )
}

pub(super) fn proof(proof: &TlogProof) -> Value<'static> {
    let mut members = vec![("index", number(proof.index()))];
    if !proof.extra().is_empty() {
        members.push(("extraBytes", count(proof.extra().len())));
    }
    members.push(("hashes", hashes(proof.proof().hashes())));
    members.push(("checkpoint", group(checkpoint_members(proof.checkpoint()))));
    of("tlog-proof", members)
}

pub(super) fn inconsistency(found: &Inconsistency) -> Value<'static> {
    of(
        "evidence of an inconsistency",
        vec![
            ("old", group(checkpoint_members(&found.old))),
            ("new", group(checkpoint_members(&found.new))),
            ("prefixRoot", text(found.root)),
            ("hashes", hashes(found.proof.hashes())),
        ],
    )
}

pub(super) fn fraud(fraud: &Fraud) -> Value<'static> {
    let proof = fraud.index_proof();
    of(
        "fraud proof",
        vec![
            ("accusation", text(fraud.accusation().kind())),
            ("manifest", number(proof.index())),
            ("checkpoint", group(checkpoint_members(proof.checkpoint()))),
        ],
    )
}

pub(super) fn consistency_proof(proof: &ConsistencyProof) -> Value<'static> {
    of(
        "consistency proof",
        vec![("hashes", hashes(proof.hashes()))],
    )
}

pub(super) fn checkpoint(checkpoint: &Checkpoint) -> Value<'static> {
    of("checkpoint", checkpoint_members(checkpoint))
}

fn checkpoint_members(checkpoint: &Checkpoint) -> Vec<(&'static str, Value<'static>)> {
    let head = checkpoint.head();
    let mut members = vec![
        ("origin", text(checkpoint.origin().as_str())),
        ("size", number(head.size)),
        ("root", text(head.root)),
    ];
    let extensions: Vec<Value<'static>> = checkpoint.extensions().map(text).collect();
    if !extensions.is_empty() {
        members.push(("extensions", Value::Array(extensions)));
    }
    members.push((
        "signatures",
        Value::Array(
            checkpoint
                .note()
                .signatures()
                .iter()
                .map(signature)
                .collect(),
        ),
    ));
    members
}

/// Whose signature it claims to be, and, if it has the form of a cosignature, the time it claims.
fn signature(signature: &Signature) -> Value<'static> {
    let mut members = vec![
        ("name", text(signature.name().as_str())),
        ("keyId", text(signature.id())),
    ];
    if let Some(seconds) = signature
        .bytes()
        .first_chunk::<8>()
        .filter(|_| COSIGNATURES.contains(&signature.bytes().len()))
    {
        members.push((
            "timeClaimed",
            text(time::format(u64::from_be_bytes(*seconds))),
        ));
    }
    group(members)
}

pub(super) fn verifier_key(kind: &str, key: &VerifierKey) -> Value<'static> {
    of(kind, key_members(key))
}

pub(super) fn signer_key(key: &SignerKey) -> Value<'static> {
    verifier_key("secret key", key.verifier())
}

fn key_members(key: &VerifierKey) -> Vec<(&'static str, Value<'static>)> {
    let use_for = match key.signature_type() {
        SignatureType::Ed25519 => "signs checkpoints",
        SignatureType::CosignatureV1 => "cosigns checkpoints",
        SignatureType::SubtreeV1 => "signs and cosigns checkpoints (ML-DSA-44)",
        SignatureType::IndexAuditV1 => "vouches for indexes",
        SignatureType::IndexAuditMlDsaV1 => "vouches for indexes (ML-DSA-44)",
    };
    vec![
        ("name", text(key.name().as_str())),
        ("keyId", text(key.id())),
        ("use", text(use_for)),
        ("vkey", text(key)),
    ]
}

pub(super) fn actor_key(kind: &str, key: &Spki, actor: Option<String>) -> Value<'static> {
    let actor = actor.map_or(Value::Null, Value::from);
    of(
        kind,
        vec![
            ("actor", actor),
            ("use", text("signs events")),
            ("keyid", text(key.key_id())),
        ],
    )
}

pub(super) fn policy(policy: &TrustPolicy) -> Value<'static> {
    let mut members = vec![("log", role(policy.log()))];
    members.extend(policy.index().map(|index| ("index", role(index))));
    members.extend(policy.audit().map(|audit| ("audit", role(audit))));
    members.extend(policy.pins().iter().map(|pin| {
        let shown = match &pin.origin {
            Some(origin) => text(format_args!("{origin} {}", pin.leaf_hash)),
            None => text(pin.leaf_hash),
        };
        ("genesis", shown)
    }));
    members.extend(policy.terms().iter().map(|terms| ("validity", text(terms))));
    of("trust policy", members)
}

fn role(policy: &Policy) -> Value<'static> {
    let logs = policy.logs().iter().map(|log| {
        let mut members = vec![("vkey", text(&log.key))];
        members.extend(log.url.as_ref().map(|url| ("url", text(url))));
        group(members)
    });
    let witnesses = policy.witnesses().iter().map(|witness| {
        let mut members = vec![("name", text(&witness.name)), ("vkey", text(&witness.key))];
        members.extend(witness.url.as_ref().map(|url| ("url", text(url))));
        group(members)
    });
    let mut members = vec![
        ("logs", Value::Array(logs.collect())),
        ("witnesses", Value::Array(witnesses.collect())),
    ];
    if !policy.unsupported().is_empty() {
        let unsupported = policy.unsupported().iter().map(|witness| {
            group(vec![
                ("name", text(&witness.name)),
                ("type", text(witness.key.type_name())),
                ("vkey", text(&witness.key)),
            ])
        });
        members.push(("witnessesNotSupported", Value::Array(unsupported.collect())));
    }
    members.push(("quorum", text(policy.needs())));
    group(members)
}

pub(super) fn entry(entry: &ParsedEntry) -> Value<'static> {
    of("signed event", entry_members(entry))
}

fn entry_members(entry: &ParsedEntry) -> Vec<(&'static str, Value<'static>)> {
    let subjects = entry.subjects.iter().map(|subject| {
        let digests = subject
            .digests
            .iter()
            .map(|(algorithm, hex)| text(format!("{algorithm}:{hex}")));
        group(vec![
            ("name", text(&subject.name)),
            ("digests", Value::Array(digests.collect())),
        ])
    });
    let signatures = entry
        .envelope
        .signatures()
        .iter()
        .map(|signature| text(&signature.keyid));
    // It was read before; of a predicate the entry keeps what it means.
    let statement = Statement::parse(entry.envelope.payload());
    let predicate = statement.map_or(Value::Null, |statement| statement.predicate.into_owned());
    vec![
        ("leafHash", text(entry.leaf_hash())),
        ("type", text(entry.event.type_name())),
        ("predicateType", text(entry.event.predicate_type())),
        ("subjects", Value::Array(subjects.collect())),
        ("predicate", predicate),
        ("keysClaimed", Value::Array(signatures.collect())),
    ]
}

pub(super) fn entry_bundle(entries: &[&[u8]]) -> Value<'static> {
    let shown = entries.iter().map(|entry| {
        let parsed = event::parse(entry);
        let mut members = vec![
            ("bytes", count(entry.len())),
            ("leafHash", text(leaf_hash(entry))),
        ];
        match &parsed {
            Ok(parsed) => {
                members.push(("type", text(parsed.event.type_name())));
                let names = parsed.subjects.iter().map(|subject| text(&subject.name));
                members.push(("subjects", Value::Array(names.collect())));
            }
            Err(error) => members.push(("noEvent", text(error))),
        }
        group(members)
    });
    of(
        "entry bundle",
        vec![
            ("width", count(entries.len())),
            ("entries", Value::Array(shown.collect())),
        ],
    )
}

pub(super) fn tile(bytes: &[u8]) -> Value<'static> {
    let hashes: Vec<Value<'static>> = bytes
        .chunks_exact(32)
        .filter_map(|chunk| Some(text(Hash::from_bytes(chunk.try_into().ok()?))))
        .collect();
    of(
        "tile",
        vec![
            ("width", count(hashes.len())),
            ("hashes", Value::Array(hashes)),
        ],
    )
}
