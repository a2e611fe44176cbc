//! Our notes against `signed_note` 0.2.0 on random notes, valid and broken: the same bytes are notes, with the same
//! parts and verdicts, except where the difference is listed.

use glasslog_core::crypto::SecretKey;
use glasslog_core::note::{
    KeyName, KeyVerdict, Note, Signature, SignatureType, SignerKey, VerifierKey,
};
use proptest::collection::vec;
use proptest::prelude::*;
use signed_note::{StandardVerifier, Verifier as _, VerifierList};

fn signer(seed: u8) -> SignerKey {
    let name = KeyName::parse(&format!("key{}.example", seed % 3)).unwrap();
    SignerKey::new(
        name,
        SignatureType::Ed25519,
        SecretKey::from_seed(&[seed; 32]),
    )
}

fn text() -> impl Strategy<Value = String> {
    vec("[a-z\u{e9}\u{2014} ]{0,12}\n", 1..5).prop_map(|lines| lines.concat())
}

/// A note of 1 to 4 signatures by keys 0 to 5.
fn note() -> impl Strategy<Value = Note> {
    (text(), vec(0..6u8, 1..5)).prop_map(|(text, seeds)| {
        let sign = |seed: u8| Signature::sign(&text, &signer(seed)).unwrap();
        Note::new(text.clone(), seeds.into_iter().map(sign).collect()).unwrap()
    })
}

/// Damages that leave a note almost valid.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(
        &[
            "\n", "\n\n", " ", "— ", "+", "=", "A", "\t", "\r", "\u{a0}", "\u{2003}", "\u{0}",
            "\u{ff}",
        ][..],
    );
    (
        note(),
        any::<prop::sample::Index>(),
        0..4usize,
        pieces,
        any::<u8>(),
    )
        .prop_map(|(note, at, way, piece, byte)| {
            let mut bytes = note.encode();
            let at = at.index(bytes.len());
            match way {
                0 => bytes[at] = byte,
                1 => drop(bytes.splice(at..at, piece.bytes())),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
            bytes
        })
}

fn same_parts(ours: &Note, theirs: &signed_note::Note) {
    assert_eq!(ours.text().as_bytes(), theirs.text());
    assert_eq!(ours.encode(), theirs.to_bytes());
}

fn check(bytes: &[u8], key: &SignerKey) {
    let theirs = signed_note::Note::from_bytes(bytes);
    let ours = Note::parse(bytes);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            same_parts(ours, theirs);
            same_verdict(ours, theirs, key.verifier());
        }
        (Err(_), Err(_)) => {}
        _ => panic!(
            "ours {ours:?}, theirs {theirs:?}: {:?}",
            String::from_utf8_lossy(bytes)
        ),
    }
}

/// `signed_note` verifies the first line of a key only, we verify each, so verdicts are compared on notes without later
/// lines.
fn same_verdict(ours: &Note, theirs: &signed_note::Note, key: &VerifierKey) {
    let mut lines: Vec<Signature> = Vec::new();
    for line in ours.signatures() {
        let is_new = |seen: &Signature| (seen.name(), seen.id()) != (line.name(), line.id());
        if lines.iter().all(is_new) {
            lines.push(line.clone());
        }
    }
    let ours = Note::new(ours.text().into(), lines).unwrap();
    assert_eq!(ours.verify(key), their_verdict(theirs, key));
}

fn their_verdict(theirs: &signed_note::Note, key: &VerifierKey) -> KeyVerdict {
    let verifier = StandardVerifier::new(&key.to_string()).unwrap();
    assert_eq!(verifier.key_id().to_be_bytes(), *key.id().as_bytes());
    match theirs.verify(&VerifierList::new(vec![Box::new(verifier)])) {
        Ok(_) => KeyVerdict::Signed,
        Err(signed_note::NoteError::UnverifiedNote) => KeyVerdict::Absent,
        Err(signed_note::NoteError::InvalidSignature { .. }) => KeyVerdict::BadSignature,
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn good_notes_agree(note in note(), seed in 0..6u8) {
        let bytes = note.encode();
        prop_assert_eq!(&Note::parse(&bytes).unwrap(), &note);
        check(&bytes, &signer(seed));
    }

    #[test]
    fn broken_notes_agree(bytes in broken(), seed in 0..6u8) {
        check(&bytes, &signer(seed));
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.encode(), bytes);
        }
    }

    #[test]
    fn any_bytes_agree(bytes in vec(prop::sample::select(&b"\n\n\n a+=A\xe2\x80\x94\x00\xff"[..]), 0..60)) {
        check(&bytes, &signer(0));
    }

    #[test]
    fn keys_agree(seed in any::<[u8; 32]>(), name in "[a-z\u{e9}./]{1,12}") {
        let name = KeyName::parse(&name).unwrap();
        let ours = SignerKey::new(name, SignatureType::Ed25519, SecretKey::from_seed(&seed));
        let theirs = signed_note::StandardSigner::new(&ours.encode()).unwrap();
        prop_assert_eq!(signed_note::Signer::key_id(&theirs).to_be_bytes(), *ours.verifier().id().as_bytes());
        let signed = signed_note::Signer::sign(&theirs, b"text\n").unwrap();
        let line = Signature::sign("text\n", &ours).unwrap();
        prop_assert_eq!(line.bytes(), signed);
    }
}

/// Each line of a known key must verify here; `signed_note`, like x/mod, skips all after the first.
#[test]
fn a_bad_second_line_of_a_key_is_false_here_only() {
    let key = signer(0);
    let good = Signature::sign("text\n", &key).unwrap();
    let bad = Signature::new(good.name().clone(), good.id(), vec![1; 64]).unwrap();
    let note = Note::new("text\n".into(), vec![good, bad]).unwrap();
    let theirs = signed_note::Note::from_bytes(&note.encode()).unwrap();
    assert_eq!(their_verdict(&theirs, key.verifier()), KeyVerdict::Signed);
    assert_eq!(note.verify(key.verifier()), KeyVerdict::BadSignature);
}

/// `signed_note` accepts a weak key that we refuse: by the identity, `R = [S]B` signs every message.
#[test]
fn weak_keys_are_refused_here_only() {
    let name = "weak.example";
    let material = [&[1u8, 1][..], &[0; 31]].concat();
    let id = signed_note::key_id(name, &material);
    let vkey = format!(
        "{name}+{id:08x}+{}",
        glasslog_core::text::wire::base64_encode(&material)
    );
    assert!(StandardVerifier::new(&vkey).is_ok());
    assert_eq!(
        VerifierKey::parse(&vkey).unwrap_err().code(),
        "key-identity"
    );
}
