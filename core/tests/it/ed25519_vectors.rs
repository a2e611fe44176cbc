//! The edge cases of Ed25519 verification that C2SP/CCTV collected, each with the verdict of the strict rule.

use glasslog_core::crypto::{KeyError, PublicKey, SignatureError};
use glasslog_core::text::wire::hex_decode;
use std::collections::BTreeMap;
use std::path::Path;

const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/vectors/ed25519/ed25519vectors.json"
);

/// The verdict on a signature, by the flags of its vector: the first flag in this list that it has decides.
const VERDICTS: [(&str, Verdict); 8] = [
    // A is a second spelling, of any point.
    ("non_canonical_A", Verdict::Key(KeyError::NotCanonical)),
    // A has a component of small order, alone or beside one of prime order.
    ("low_order_component_A", Verdict::Key(KeyError::Torsion)),
    // A is of small order without such a component: the identity.
    ("low_order_A", Verdict::Key(KeyError::Identity)),
    // A is good from here on. R is a second spelling.
    (
        "non_canonical_R",
        Verdict::Signature(SignatureError::Invalid),
    ),
    ("low_order_R", Verdict::Signature(SignatureError::Invalid)),
    // With a good A, [S]B − [k]A has no small component, so such an R is never equal to it.
    (
        "low_order_component_R",
        Verdict::Signature(SignatureError::Invalid),
    ),
    // Holds only when both sides are multiplied by the cofactor.
    (
        "low_order_residue",
        Verdict::Signature(SignatureError::Invalid),
    ),
    // k was made from another spelling than the one that is there.
    ("reencoded_k", Verdict::Signature(SignatureError::Invalid)),
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Key(KeyError),
    Signature(SignatureError),
    Valid,
}

fn judge(key: &str, message: &str, signature: &str) -> Verdict {
    let key: [u8; 32] = hex_decode(key).unwrap().try_into().unwrap();
    let key = match PublicKey::from_bytes(&key) {
        Ok(key) => key,
        Err(error) => return Verdict::Key(error),
    };
    match key.verify(message.as_bytes(), &hex_decode(signature).unwrap()) {
        Ok(()) => Verdict::Valid,
        Err(error) => Verdict::Signature(error),
    }
}

#[test]
fn every_vector_gets_its_verdict() {
    if !Path::new(VECTORS).exists() {
        println!("skipped: ../shared/vectors is absent");
        return;
    }
    let vectors: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    for vector in vectors.as_array().unwrap() {
        let text = |name: &str| vector.get(name).unwrap().as_str().unwrap();
        let flags: Vec<&str> = vector
            .get("flags")
            .and_then(serde_json::Value::as_array)
            .map(|flags| flags.iter().map(|flag| flag.as_str().unwrap()).collect())
            .unwrap_or_default();
        let expected = VERDICTS
            .iter()
            .find(|(flag, _)| flags.contains(flag))
            .map_or(Verdict::Valid, |(_, verdict)| verdict.clone());
        let verdict = judge(text("key"), text("msg"), text("sig"));
        assert_eq!(verdict, expected, "{vector}");
        *tally.entry(format!("{verdict:?}")).or_default() += 1;
    }
    let tally: Vec<(&str, usize)> = tally
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(
        tally,
        [
            ("Key(Identity)", 22),
            ("Key(NotCanonical)", 226),
            ("Key(Torsion)", 638),
            ("Signature(Invalid)", 27),
            ("Valid", 1),
        ]
    );
}
