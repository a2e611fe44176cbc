//! Verification of many Ed25519 signatures at once, each with the verdict of [`PublicKey::verify`]
//! ([RFC 8032 §5.1.7](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.7), without the cofactor).
//!
//! The usual batch verification follows another rule than verification one by one: it accepts signatures whose `R` has
//! a component of small order. This one refuses them; the proof follows. `B` is the base point, of prime order `ℓ`;
//! every point of the curve is a point of order dividing `ℓ` plus a *torsion* point of order dividing 8.
//!
//! 1. A [`PublicKey`] `A` has no torsion and is not the identity: others are not admitted.
//! 2. For such a key the strict rule (`S < ℓ`, `R` canonical and not of small order, `[S]B − [k]A = R`) is the same as:
//!    `S < ℓ`, `R` canonical, `R` not the identity, `R` without torsion, `D = [S]B − [k]A − R = 0`. The first
//!    implies `R = [S]B − [k]A`, a sum of points without torsion; the converse holds because the identity is the only
//!    torsion-free point of small order.
//! 3. `S < ℓ` and the bytes of `R` are checked for each signature alone. A canonical `R` has `y < p`; the points with
//!    `x = 0`, whose sign has two encodings, are the identity (`y = 1`) and the point of order 2 (`y = −1`),
//!    neither of which passes.
//! 4. *No `R` has torsion.* Draw 64 subsets of the batch at random, sum the `R`s of each, multiply each sum by `ℓ`: that
//!    leaves `ℓ` times the sum of their torsion, and `ℓ` is odd, so it is zero only if the torsion cancels. Fix a
//!    signature with torsion: for every choice of the others, at most one of *with it* and *without it* cancels. So a
//!    batch with torsion passes all 64 with probability at most 2^−64.
//! 5. *Every `D` is zero.* With no torsion left, all `D`s lie in the group of order `ℓ`. Draw `z` of 128 bits for each
//!    signature; if some `D ≠ 0`, then for every choice of the other `z` at most one value of its own makes `Σ [z]D = 0`, as
//!    `2^128 < ℓ`: probability at most 2^−128. `Σ [z]D` is one multiscalar multiplication: the coefficients of `B` are
//!    added up, and so are those of each key.
//! 6. A good signature has `D = 0` and no torsion, so it never fails a batch. A batch that fails is halved until the
//!    rest is verified one by one. On that path a bad signature is in at most 5 batches, so it is accepted with
//!    probability below 2^−61. An attacker can only guess: the [`Seed`] is secret, used once and drawn after the
//!    signatures are fixed, so no search offline helps.

use crate::crypto::ed25519::{PublicKey, SIGNATURE_SIZE};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity as _, IsIdentity as _, VartimeMultiscalarMul as _};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

/// Signatures that are verified together: more gain little, and the points have to stay in the cache.
pub const FULL_BATCH: usize = 4_096;

/// Fewer signatures than this are verified one by one: the 64 multiplications of a batch cost more than they save.
pub const SMALL_BATCH: usize = 192;

/// Number of random subsets; each misses torsion with probability at most one half.
const SUMS: u32 = 64;

/// Source of the coefficients of one batch: 32 secret random bytes, drawn after the signatures are fixed.
///
/// A batch consumes it; it cannot be copied, and is wiped.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Wraps random bytes of the operating system, which must be drawn after the last signature is pushed.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// Signatures to verify together; see the module.
///
/// [`push`](Self::push) hashes the message, so the message is not kept. Two threads share work by filling a batch each.
#[derive(Default)]
pub struct Batch {
    keys: Vec<PublicKey>,
    slots: BTreeMap<[u8; 32], usize>,
    /// `None` is a signature that is false by its encoding alone.
    items: Vec<Option<Item>>,
}

struct Item {
    /// Position of its key in `Batch::keys`.
    key: usize,
    r: CompressedEdwardsY,
    s: Scalar,
    k: Scalar,
}

impl Batch {
    /// Makes an empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of signatures pushed so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Tells whether no signature was pushed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds a signature; one that is malformed counts as false.
    pub fn push(&mut self, key: &PublicKey, message: &[u8], signature: &[u8]) {
        let item = split(signature).map(|(r, s)| {
            let hash = Sha512::new()
                .chain_update(r.as_bytes())
                .chain_update(key.as_bytes())
                .chain_update(message);
            Item {
                key: self.slot(key),
                r,
                s,
                k: Scalar::from_bytes_mod_order_wide(&hash.finalize().into()),
            }
        });
        self.items.push(item);
    }

    fn slot(&mut self, key: &PublicKey) -> usize {
        *self.slots.entry(*key.as_bytes()).or_insert_with(|| {
            self.keys.push(*key);
            self.keys.len() - 1
        })
    }

    /// Verifies all signatures, and returns their verdicts in the order in which they were pushed.
    #[must_use]
    pub fn verify(self, seed: Seed) -> Vec<bool> {
        let points: Vec<EdwardsPoint> = self.keys.iter().map(PublicKey::point).collect();
        let mut trial = Trial {
            keys: &points,
            coins: Coins { seed, blocks: 0 },
            verdicts: self.items.iter().map(|_| false).collect(),
        };
        let readable = self.items.iter().enumerate();
        let members: Vec<Member<'_>> = readable
            .filter_map(|(place, item)| item.as_ref().map(|item| Member { place, item }))
            .collect();
        for members in members.chunks(FULL_BATCH) {
            trial.judge(members);
        }
        trial.verdicts
    }
}

/// Verifies signatures `(key, message, signature)` together, and returns their verdicts in their order.
///
/// The seed must be drawn after the signatures are fixed.
#[must_use]
pub fn verify_many(items: &[(&PublicKey, &[u8], &[u8])], seed: Seed) -> Vec<bool> {
    let mut batch = Batch::new();
    for (key, message, signature) in items {
        batch.push(key, message, signature);
    }
    batch.verify(seed)
}

/// Splits a signature into its halves; `None` unless they are canonical and `R` is neither the identity nor of order 2.
fn split(signature: &[u8]) -> Option<(CompressedEdwardsY, Scalar)> {
    /// p = 2^255 − 19, little-endian.
    const P: [u8; 32] = {
        let mut p = [0xff; 32];
        p[0] = 0xed;
        p[31] = 0x7f;
        p
    };
    const ONE: [u8; 32] = {
        let mut one = [0; 32];
        one[0] = 1;
        one
    };
    const MINUS_ONE: [u8; 32] = {
        let mut minus_one = P;
        minus_one[0] = 0xec;
        minus_one
    };
    let signature: &[u8; SIGNATURE_SIZE] = signature.try_into().ok()?;
    let (r, s) = signature.split_first_chunk::<32>()?;
    let s = Scalar::from_canonical_bytes(s.try_into().ok()?).into_option()?;
    let mut y = *r;
    let [.., top] = &mut y;
    *top &= 0x7f;
    let is_below_p = y.iter().rev().lt(P.iter().rev());
    let is_fit = is_below_p && y != ONE && y != MINUS_ONE;
    is_fit.then_some((CompressedEdwardsY(*r), s))
}

/// A signature of a batch during verification.
#[derive(Clone, Copy)]
struct Member<'a> {
    place: usize,
    item: &'a Item,
}

struct Trial<'a> {
    keys: &'a [EdwardsPoint],
    coins: Coins,
    verdicts: Vec<bool>,
}

impl Trial<'_> {
    fn judge(&mut self, members: &[Member<'_>]) {
        if members.len() < SMALL_BATCH {
            return members.iter().for_each(|member| self.judge_one(member));
        }
        let mut points = Vec::with_capacity(members.len());
        let mut known = Vec::with_capacity(members.len());
        for member in members {
            // A signature whose `R` is not a point is false.
            if let Some(point) = member.item.r.decompress() {
                points.push(point);
                known.push(*member);
            }
        }
        self.judge_points(&known, &points);
    }

    fn judge_points(&mut self, members: &[Member<'_>], points: &[EdwardsPoint]) {
        if members.len() < SMALL_BATCH {
            members.iter().for_each(|member| self.judge_one(member));
        } else if self.hold(members, points) {
            members.iter().for_each(|member| self.record(member, true));
        } else {
            let middle = members.len() / 2;
            let (points, points_after) = points.split_at(middle);
            let (members, members_after) = members.split_at(middle);
            self.judge_points(members, points);
            self.judge_points(members_after, points_after);
        }
    }

    /// Applies the strict rule to one signature: computes the `R` that makes it true and compares.
    fn judge_one(&mut self, member: &Member<'_>) {
        let Item { key, r, s, k } = member.item;
        let holds = self.keys.get(*key).is_some_and(|key| {
            EdwardsPoint::vartime_double_scalar_mul_basepoint(k, &-key, s).compress() == *r
        });
        self.record(member, holds);
    }

    fn record(&mut self, member: &Member<'_>, holds: bool) {
        if let Some(verdict) = self.verdicts.get_mut(member.place) {
            *verdict = holds;
        }
    }

    /// Checks steps 4 and 5 of the proof for all of these signatures.
    fn hold(&mut self, members: &[Member<'_>], points: &[EdwardsPoint]) -> bool {
        let tosses = members.iter().map(|_| self.coins.toss());
        let Some((coefficients, subsets)) = tosses.collect::<Option<(Vec<_>, Vec<_>)>>() else {
            return false;
        };
        are_torsion_free(points, &subsets) && self.sum_is_zero(members, points, coefficients)
    }

    fn sum_is_zero(
        &self,
        members: &[Member<'_>],
        points: &[EdwardsPoint],
        mut coefficients: Vec<Scalar>,
    ) -> bool {
        let mut of_base = Scalar::ZERO;
        let mut of_keys: Vec<Scalar> = self.keys.iter().map(|_| Scalar::ZERO).collect();
        for (Member { item, .. }, z) in members.iter().zip(&coefficients) {
            let Some(of_key) = of_keys.get_mut(item.key) else {
                return false;
            };
            *of_key += z * item.k;
            of_base += z * item.s;
        }
        let mut all: Vec<EdwardsPoint> = points.to_vec();
        let used = self.keys.iter().zip(of_keys);
        for (key, of_key) in used.filter(|(_, of_key)| *of_key != Scalar::ZERO) {
            all.push(*key);
            coefficients.push(of_key);
        }
        let sum = EdwardsPoint::vartime_multiscalar_mul(&coefficients, &all);
        sum == EdwardsPoint::mul_base(&of_base)
    }
}

/// Checks step 4 of the proof. A point is in subset `j` if bit `j` of its number in `subsets` is set.
fn are_torsion_free(points: &[EdwardsPoint], subsets: &[u64]) -> bool {
    let mut sums: Vec<EdwardsPoint> = (0..SUMS).map(|_| EdwardsPoint::identity()).collect();
    for (points, subsets) in points.chunks(4).zip(subsets.chunks(4)) {
        // Entry b is the sum of those of the four points whose bit is set in b.
        let mut table = Vec::with_capacity(16);
        table.push(EdwardsPoint::identity());
        for point in points {
            let with_point: Vec<EdwardsPoint> = table.iter().map(|sum| sum + point).collect();
            table.extend(with_point);
        }
        for (bit, sum) in (0..SUMS).zip(&mut sums) {
            let of_this = subsets.iter().rev().fold(0, |chosen: usize, subset| {
                chosen << 1 | usize::from(subset >> bit & 1 == 1)
            });
            let Some(chosen) = table.get(of_this) else {
                return false;
            };
            *sum += chosen;
        }
    }
    sums.iter().all(is_torsion_free)
}

/// Tells whether `ℓ` times the point is the identity: multiplies by the largest scalar, `ℓ − 1`, and adds the point
/// once.
fn is_torsion_free(point: &EdwardsPoint) -> bool {
    let before = -Scalar::ONE;
    let sum = EdwardsPoint::vartime_double_scalar_mul_basepoint(&before, point, &Scalar::ZERO);
    (sum + point).is_identity()
}

/// Random numbers for each signature of each batch: SHA-512 of the seed and a counter.
struct Coins {
    seed: Seed,
    blocks: u64,
}

impl Coins {
    /// Draws a coefficient of 128 bits, and the subsets that a signature is in.
    fn toss(&mut self) -> Option<(Scalar, u64)> {
        self.blocks += 1;
        let block = Sha512::new()
            .chain_update(b"glasslog ed25519 batch v1\n")
            .chain_update(*self.seed.0)
            .chain_update(self.blocks.to_be_bytes())
            .finalize();
        let (z, rest) = block.split_first_chunk::<16>()?;
        let subsets = rest.first_chunk::<8>()?;
        Some((
            Scalar::from(u128::from_be_bytes(*z)),
            u64::from_be_bytes(*subsets),
        ))
    }
}
