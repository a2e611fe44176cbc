//! Verification in batches against verification one by one: the verdict of every signature is the same, for any
//! other signatures in the batch.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use glasslog_core::crypto::ed25519_batch::{Batch, FULL_BATCH, Seed, verify_many};
use glasslog_core::crypto::{PublicKey, SecretKey};
use glasslog_core::text::wire::hex_decode;
use sha2::{Digest as _, Sha512};
use std::path::Path;

const VECTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/vectors/ed25519/ed25519vectors.json"
);

/// A batch that is verified as one: above the size from which batches are used.
const BATCH: usize = 200;

#[derive(Clone)]
struct Signed {
    key: PublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn holds(&self) -> bool {
        self.key.verify(&self.message, &self.signature).is_ok()
    }
}

fn good(number: usize, keys: usize) -> Signed {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(number % keys).to_be_bytes());
    let secret = SecretKey::from_seed(&seed);
    let message = format!("message {number}").into_bytes();
    Signed {
        key: secret.public(),
        signature: secret.sign(&message).to_vec(),
        message,
    }
}

fn seed(number: usize) -> Seed {
    let digest = Sha512::digest(number.to_be_bytes());
    Seed::new(digest[..32].try_into().unwrap())
}

fn verify_together(items: &[Signed], number: usize) -> Vec<bool> {
    let claims: Vec<(&PublicKey, &[u8], &[u8])> = items
        .iter()
        .map(|item| {
            (
                &item.key,
                item.message.as_slice(),
                item.signature.as_slice(),
            )
        })
        .collect();
    verify_many(&claims, seed(number))
}

/// Verifies together, and one by one; they must agree.
fn verify(items: &[Signed], number: usize) -> Vec<bool> {
    let verdicts = verify_together(items, number);
    let singly: Vec<bool> = items.iter().map(Signed::holds).collect();
    assert_eq!(verdicts, singly, "seed {number}");
    verdicts
}

fn challenge(r: &[u8], a: &[u8], message: &[u8]) -> Scalar {
    let digest = Sha512::new()
        .chain_update(r)
        .chain_update(a)
        .chain_update(message);
    Scalar::from_bytes_mod_order_wide(&digest.finalize().into())
}

/// A signature that only a cofactored verifier accepts: `R = rB + T`, with an `S` made for this `R`.
fn torsioned(number: usize, torsion: &EdwardsPoint) -> Signed {
    let secret = Scalar::from(1_000_003 + u64::try_from(number % 5).unwrap());
    let public = EdwardsPoint::mul_base(&secret).compress();
    let message = format!("torsioned {number}").into_bytes();
    let nonce = Scalar::from_bytes_mod_order_wide(&Sha512::digest(&message).into());
    let r = (EdwardsPoint::mul_base(&nonce) + torsion).compress();
    let s = nonce + challenge(r.as_bytes(), public.as_bytes(), &message) * secret;
    Signed {
        key: PublicKey::from_bytes(public.as_bytes()).unwrap(),
        signature: [*r.as_bytes(), s.to_bytes()].concat(),
        message,
    }
}

/// An `R` of any bytes with an `S` for which the equation without `R`, and with the cofactor, holds.
fn with_r(r: &[u8]) -> Signed {
    let secret = Scalar::from(77u64);
    let public = EdwardsPoint::mul_base(&secret).compress();
    let message = b"an R of small order".to_vec();
    let s = challenge(r, public.as_bytes(), &message) * secret;
    Signed {
        key: PublicKey::from_bytes(public.as_bytes()).unwrap(),
        signature: [r, &s.to_bytes()].concat(),
        message,
    }
}

/// One signature for each kind of fault.
fn bad() -> Vec<Signed> {
    let mut all: Vec<Signed> = EIGHT_TORSION[1..]
        .iter()
        .map(|torsion| torsioned(1, torsion))
        .collect();
    // Every point of small order as R, in each of its spellings.
    all.extend(EIGHT_TORSION.iter().map(|point| {
        let r = point.compress();
        with_r(r.as_bytes())
    }));
    for second_spelling in [
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ] {
        all.push(with_r(&hex_decode(second_spelling).unwrap()));
    }
    // y = 3 + p, y = 2, which is not a point, and the largest bytes.
    for first in [0xf0, 0xef, 0xff] {
        let mut r = [0xff; 32];
        (r[0], r[31]) = (first, 0x7f);
        all.push(with_r(&r));
    }
    let mut off_the_curve = [0; 32];
    off_the_curve[0] = 2;
    all.push(with_r(&off_the_curve));
    let edit = |edit: fn(&mut Signed)| {
        let mut signed = good(3, 3);
        edit(&mut signed);
        signed
    };
    all.push(edit(|signed| signed.message.push(0)));
    all.push(edit(|signed| signed.key = good(1, 3).key));
    all.push(edit(|signed| signed.signature[0] ^= 1));
    all.push(edit(|signed| signed.signature[31] ^= 0x80));
    all.push(edit(|signed| signed.signature[32] ^= 1));
    all.push(edit(|signed| signed.signature.push(0)));
    all.push(edit(|signed| signed.signature.truncate(63)));
    all.push(edit(|signed| signed.signature.clear()));
    all.push(edit(|signed| signed.signature.fill(0)));
    all.push(edit(|signed| signed.signature.fill(0xff)));
    // S + ℓ.
    all.push(edit(|signed| {
        let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
        let mut carry = 0;
        for (byte, add) in signed.signature[32..]
            .iter_mut()
            .zip(hex_decode(order).unwrap())
        {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_be_bytes()[1];
            carry = sum >> 8;
        }
    }));
    assert!(!all.iter().any(Signed::holds));
    all
}

#[test]
fn good_ones_hold_at_every_size() {
    let all: Vec<Signed> = (0..FULL_BATCH + 200).map(|n| good(n, 16)).collect();
    for size in [0, 1, 2, 191, 192, 193, 1_023, 4_095, 4_096, 4_097, 4_296] {
        assert!(verify(&all[..size], size).iter().all(|holds| *holds));
    }
}

#[test]
fn keys_may_be_few_or_many() {
    for keys in [1, 16, 256] {
        let mut all: Vec<Signed> = (0..512).map(|n| good(n, keys)).collect();
        assert!(verify(&all, keys).iter().all(|holds| *holds));
        all[300].message.push(0);
        assert_eq!(
            verify(&all, keys).iter().filter(|holds| **holds).count(),
            511
        );
    }
}

#[test]
fn a_bad_one_is_found_at_every_position() {
    let bad = bad();
    let all: Vec<Signed> = (0..BATCH).map(|n| good(n, 7)).collect();
    assert!(all.iter().all(Signed::holds));
    // Every kind of fault at its own positions; every kind at every position if the long tests are asked for.
    let rounds = match std::env::var_os("GLASSLOG_LONG_TESTS") {
        Some(_) => bad.len(),
        None => 1,
    };
    for round in 0..rounds {
        for position in 0..BATCH {
            let mut batch = all.clone();
            batch[position] = bad[(position + round) % bad.len()].clone();
            let verdicts = verify_together(&batch, position);
            assert!(!verdicts[position]);
            assert_eq!(verdicts.iter().filter(|holds| **holds).count(), BATCH - 1);
        }
    }
}

#[test]
fn many_bad_ones_are_told_from_the_good() {
    let bad = bad();
    for every in [1, 2, 3, 50, 199] {
        let all: Vec<Signed> = (0..1_000)
            .map(|n| match n % every {
                0 => bad[n / every % bad.len()].clone(),
                _ => good(n, 9),
            })
            .collect();
        let verdicts = verify(&all, every);
        assert_eq!(
            verdicts.iter().filter(|holds| !**holds).count(),
            1_000_usize.div_ceil(every)
        );
    }
}

#[test]
fn torsioned_signatures_by_an_honest_key_are_refused() {
    let all: Vec<Signed> = (0..2_000)
        .map(|n| torsioned(n, &EIGHT_TORSION[1 + n % 7]))
        .collect();
    assert!(!verify(&all, 1).iter().any(|holds| *holds));
    // One at a time among good ones, so the torsion of one cannot cancel that of another.
    let others: Vec<Signed> = (0..BATCH).map(|n| good(n, 2)).collect();
    for (number, one) in all.iter().take(14).enumerate() {
        let mut batch = others.clone();
        batch[number * 14] = one.clone();
        assert!(!verify(&batch, number)[number * 14]);
    }
    // The same key without torsion is an honest one.
    let honest: Vec<Signed> = (0..2_000)
        .map(|n| torsioned(n, &EIGHT_TORSION[0]))
        .collect();
    assert!(verify(&honest, 2).iter().all(|holds| *holds));
}

#[test]
fn torsion_that_cancels_is_found() {
    let all: Vec<Signed> = (0..BATCH).map(|n| good(n, 2)).collect();
    for number in 0..21 {
        let torsion = &EIGHT_TORSION[1 + number % 7];
        let mut batch = all.clone();
        batch[number] = torsioned(number, torsion);
        batch[number + 1] = torsioned(number, &-torsion);
        let verdicts = verify(&batch, number);
        assert!(!verdicts[number] && !verdicts[number + 1]);
    }
}

#[test]
fn errors_that_cancel_are_found() {
    // Two signatures of one nonce, S exchanged: their errors add up to zero.
    let all: Vec<Signed> = (0..BATCH).map(|n| good(n, 2)).collect();
    for number in 0..21 {
        let (first, second) = (good(4, 2), good(6, 2));
        let mut batch = all.clone();
        let one = Scalar::ONE;
        for (place, signed, error) in [(10, first, one), (11 + number, second, -one)] {
            let s: [u8; 32] = signed.signature[32..].try_into().unwrap();
            let s = Scalar::from_canonical_bytes(s).unwrap() + error;
            batch[place] = Signed {
                signature: [&signed.signature[..32], s.as_bytes()].concat(),
                ..signed
            };
        }
        let verdicts = verify(&batch, number);
        assert!(!verdicts[10] && !verdicts[11 + number]);
    }
}

#[test]
fn the_vectors_of_cctv_get_their_verdicts() {
    if !Path::new(VECTORS).exists() {
        println!("skipped: ../shared/vectors is absent");
        return;
    }
    let vectors: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(VECTORS).unwrap()).unwrap();
    let signed = |vector: &serde_json::Value| {
        let text = |name: &str| vector.get(name).unwrap().as_str().unwrap();
        let key: [u8; 32] = hex_decode(text("key")).unwrap().try_into().unwrap();
        Some(Signed {
            key: PublicKey::from_bytes(&key).ok()?,
            message: text("msg").as_bytes().to_vec(),
            signature: hex_decode(text("sig")).unwrap(),
        })
    };
    let admitted: Vec<Signed> = vectors
        .as_array()
        .unwrap()
        .iter()
        .filter_map(signed)
        .collect();
    assert_eq!(admitted.len(), 28);
    assert_eq!(
        verify(&admitted, 0).iter().filter(|holds| **holds).count(),
        1
    );
    let others: Vec<Signed> = (0..BATCH).map(|n| good(n, 3)).collect();
    for (number, vector) in admitted.iter().enumerate() {
        let mut batch = others.clone();
        batch[number * 7] = vector.clone();
        assert_eq!(verify(&batch, number)[number * 7], vector.holds());
    }
    let mut all = admitted;
    all.extend(others);
    assert_eq!(
        verify(&all, 1).iter().filter(|holds| **holds).count(),
        1 + BATCH
    );
}

#[test]
fn a_batch_counts_what_it_holds() {
    let mut batch = Batch::new();
    assert!(batch.is_empty());
    let signed = good(0, 1);
    batch.push(&signed.key, &signed.message, &signed.signature);
    batch.push(&signed.key, &signed.message, &[]);
    assert_eq!(batch.len(), 2);
    assert_eq!(batch.verify(seed(0)), [true, false]);
}
