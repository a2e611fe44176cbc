//! ML-DSA-44 verification beside others: the edge cases of Wycheproof, changed signatures judged by `fips204`, and a cosignature
//! that omniwitness made.

use fips204::ml_dsa_44;
use fips204::traits::{SerDes as _, Verifier as _};
use glasslog_core::crypto::{MlDsaError, MlDsaPublicKey, MlDsaSecretKey};
use glasslog_core::note::{Checkpoint, Signature};
use glasslog_core::text::wire::{base64_decode, hex_decode};
use glasslog_core::trust::{Policy, WitnessOutcome};
use serde_json::Value;

const VECTORS: &str = include_str!("vectors/ml-dsa-44.json");

/// Sizes of a challenge, of the vector `z`, and of the places of hints, in this order in a signature.
const HINTS: std::ops::Range<usize> = 32 + 2_304..32 + 2_304 + 80;

/// The last byte of each of four hint lists counts the hints up to its end.
const COUNTS: std::ops::Range<usize> = HINTS.end..HINTS.end + 4;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// The verdict of `fips204`.
fn theirs(key: &[u8; 1_312], message: &[u8], signature: &[u8; 2_420]) -> bool {
    let key = ml_dsa_44::PublicKey::try_from_bytes(*key).unwrap();
    key.verify(message, signature, &[])
}

#[test]
fn edge_cases_of_wycheproof() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let keys: Vec<Vec<u8>> = file["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| base64_decode(key.as_str().unwrap()).unwrap())
        .collect();
    let mut zero = Vec::new();
    let vectors = file["vectors"].as_array().unwrap();
    for vector in vectors {
        let id = vector["id"].as_u64().unwrap();
        let key = &keys[usize::try_from(vector["key"].as_u64().unwrap()).unwrap()];
        let message = hex_decode(text(vector, "message")).unwrap();
        let signature = base64_decode(text(vector, "signature")).unwrap();
        let valid = vector["valid"].as_bool().unwrap();
        let Ok(key) = <&[u8; 1_312]>::try_from(key.as_slice()) else {
            assert!(!valid, "{id}");
            continue;
        };
        let verdict = match MlDsaPublicKey::from_bytes(key) {
            Ok(key) => key.verify(&message, &signature),
            Err(error) => {
                assert_eq!(error, MlDsaError::ZeroKey);
                zero.push(id);
                continue;
            }
        };
        let expected = match signature.len() {
            2_420 if valid => Ok(()),
            2_420 => Err(MlDsaError::Invalid),
            length => Err(MlDsaError::WrongLength { length }),
        };
        assert_eq!(verdict, expected, "{id}");
        if let Ok(signature) = <&[u8; 2_420]>::try_from(signature.as_slice()) {
            assert_eq!(theirs(key, &message, signature), valid, "{id}");
        }
    }
    assert_eq!(vectors.len(), 75);
    // Anyone can sign under these keys; FIPS 204 allows them all the same.
    assert_eq!(zero, [68, 147, 148, 149]);
}

/// Each is the same signature to a reader that does not check how the hints are written.
#[test]
fn a_signature_has_one_spelling() {
    let secret = MlDsaSecretKey::from_seed(&[7; 32]);
    let (key, message) = (secret.public(), b"message");
    let good: [u8; 2_420] = secret.sign(message).unwrap().try_into().unwrap();
    assert_eq!(key.verify(message, &good), Ok(()));
    assert!(theirs(key.as_bytes(), message, &good));
    let total = usize::from(good[COUNTS.end - 1]);
    let first = usize::from(good[COUNTS.start]);
    assert!(
        first >= 2 && total < 79,
        "{first} {total}: take another message"
    );

    let mut unordered = good;
    unordered.swap(HINTS.start, HINTS.start + 1);
    let mut padded = good;
    padded[HINTS.start + total] = 1;
    let mut repeated = good;
    repeated.copy_within(HINTS.start..HINTS.start + total, HINTS.start + 1);
    for count in &mut repeated[COUNTS] {
        *count += 1;
    }
    let mut backwards = good;
    backwards[COUNTS.start] = 81;
    for bad in [unordered, padded, repeated, backwards] {
        assert_eq!(key.verify(message, &bad), Err(MlDsaError::Invalid));
        assert!(!theirs(key.as_bytes(), message, &bad));
    }
}

/// Both sign the same bytes from one seed, and agree on each change of them.
#[test]
fn changed_signatures_are_judged_alike() {
    use fips204::traits::{KeyGen as _, Signer as _};
    for seed in 0..3u8 {
        let secret = MlDsaSecretKey::from_seed(&[seed; 32]);
        let (key, other) = ml_dsa_44::KG::keygen_from_seed(&[seed; 32]);
        assert_eq!(secret.public().as_bytes(), &key.into_bytes());
        let message = [seed, 1, 2];
        let good: [u8; 2_420] = secret.sign(&message).unwrap().try_into().unwrap();
        let by_other = other.try_sign_with_seed(&[0; 32], &message, &[]).unwrap();
        assert_eq!(good, by_other);
        let public = secret.public();
        for at in (0..good.len()).step_by(61).chain(HINTS).chain(COUNTS) {
            let mut bad = good;
            bad[at] ^= 1 << (at % 8);
            let verdict = public.verify(&message, &bad).is_ok();
            assert!(!verdict, "{at}");
            assert_eq!(theirs(public.as_bytes(), &message, &bad), verdict, "{at}");
        }
    }
}

/// Cosigned by omniwitness (`github.com/transparency-dev/witness` of 2026-07-20), with a key of either algorithm.
#[test]
fn a_cosignature_of_omniwitness_counts() {
    let policy = Policy::parse(include_bytes!("vectors/omniwitness.policy")).unwrap();
    let note = include_bytes!("vectors/omniwitness.checkpoint");
    let checkpoint = Checkpoint::parse(note).unwrap();
    assert_eq!(checkpoint.head().size, 3);
    let verdict = policy.judge(&checkpoint, u64::MAX >> 1);
    assert!(verdict.accepts(), "{verdict:?}");
    let [by_ed25519, by_ml_dsa] = [0, 1].map(|at| verdict.witnesses[at].outcome);
    assert_eq!(by_ed25519, by_ml_dsa);
    assert!(matches!(by_ml_dsa, WitnessOutcome::Counted { time } if time > 0));
    // A bit of its time, which is signed.
    let line = &checkpoint.note().signatures()[2];
    let mut bytes = line.bytes().to_vec();
    assert_eq!(bytes.len(), 2_428);
    bytes[7] ^= 1;
    let line = Signature::new(line.name().clone(), line.id(), bytes).unwrap();
    let altered = checkpoint.with_signature(line).unwrap();
    assert!(policy.judge(&altered, u64::MAX >> 1).is_false());
}
