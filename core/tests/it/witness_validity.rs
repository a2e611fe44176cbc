//! Conditions of a trust policy at a witness: a key that does not count moves it no further.

use crate::support::note_key;
use glasslog_core::merkle::{ConsistencyProof, TreeHead, leaf_hash};
use glasslog_core::note::{Checkpoint, Origin, SignatureType, SignerKey, cosignature};
use glasslog_core::trust::{Invalid, TrustPolicy};
use glasslog_core::witness::{AddCheckpoint, KnownLogs, Refusal, VerifiedRequest};

const ORIGIN: &str = "log.example";
/// 2026-11-24.
const NOW: u64 = 1_795_467_600;
const YEAR: u64 = 365 * 86_400;

fn key(seed: u8) -> SignerKey {
    note_key(ORIGIN, SignatureType::Ed25519, seed)
}

fn named(key: &SignerKey) -> String {
    format!("{}+{}", key.verifier().name(), key.verifier().id())
}

/// The logs of a policy with two keys of one log, and these lines of `[validity]`.
fn known(lines: &str) -> KnownLogs {
    let witness = note_key("w.example", SignatureType::CosignatureV1, 9);
    let text = format!(
        "[log]\nlog {}\nlog {}\nwitness w {}\nquorum w\n[validity]\n{lines}\n",
        key(1).verifier(),
        key(2).verifier(),
        witness.verifier()
    );
    KnownLogs::of_policy(&TrustPolicy::parse(text.as_bytes()).unwrap()).unwrap()
}

fn head(size: u64) -> TreeHead {
    let root = leaf_hash(&size.to_be_bytes());
    TreeHead { size, root }
}

fn signed(head: TreeHead, by: &SignerKey) -> Checkpoint {
    Checkpoint::sign(&Origin::parse(ORIGIN).unwrap(), head, by).unwrap()
}

fn decide(logs: &KnownLogs, checkpoint: Checkpoint, now: u64) -> Result<(), Refusal> {
    let log = logs.get(checkpoint.origin()).unwrap();
    let request = AddCheckpoint::new(0, ConsistencyProof::default(), checkpoint).unwrap();
    let verified = VerifiedRequest::new(request, log, &[])?;
    let restored = verified.decide_restored(None, now).map(|_| ());
    assert_eq!(verified.decide(None, now).map(|_| ()), restored);
    restored
}

fn refused(invalid: Invalid) -> Result<(), Refusal> {
    Err(Refusal::NotCounting(invalid))
}

#[test]
fn a_key_counts_up_to_its_size() {
    let (old, new) = (key(1), key(2));
    let logs = known(&format!("key {} up-to-size 5", named(&old)));
    assert_eq!(decide(&logs, signed(head(5), &old), NOW), Ok(()));
    let too_large = refused(Invalid::TooLarge { limit: 5 });
    assert_eq!(decide(&logs, signed(head(6), &old), NOW), too_large);
    assert_eq!(decide(&logs, signed(head(6), &new), NOW), Ok(()));
    // Both keys signed: the one that counts is enough.
    let line = signed(head(6), &old).note().signatures()[0].clone();
    let both = signed(head(6), &new).with_signature(line).unwrap();
    assert_eq!(decide(&logs, both, NOW), Ok(()));
    // The same through a second list, which adds a log.
    let mut all = KnownLogs::default();
    let other = note_key("other.example", SignatureType::Ed25519, 3);
    let origin = Origin::parse("other.example").unwrap();
    all.add(&origin, other.verifier().clone(), None).unwrap();
    all.extend(logs).unwrap();
    assert_eq!(decide(&all, signed(head(6), &old), NOW), too_large);
    let message = too_large.unwrap_err().to_string();
    assert_eq!(
        message,
        "a key of the log signed, but the trust policy accepts that key up to size 5"
    );
}

/// A window is about the clock of the witness.
#[test]
fn a_key_counts_within_its_window() {
    let (old, new) = (key(1), key(2));
    let logs = known(&format!(
        "key {} until 2027-01-01T00:00:00Z\nkey {} from 2027-01-01T00:00:00Z",
        named(&old),
        named(&new)
    ));
    let line = signed(head(3), &old).note().signatures()[0].clone();
    let both = signed(head(3), &new).with_signature(line).unwrap();
    for now in [NOW, NOW + YEAR] {
        assert_eq!(decide(&logs, both.clone(), now), Ok(()));
    }
    assert_eq!(decide(&logs, signed(head(3), &old), NOW), Ok(()));
    assert_eq!(decide(&logs, signed(head(3), &new), NOW + YEAR), Ok(()));
    for (by, now) in [(&old, NOW + YEAR), (&new, NOW), (&new, 0)] {
        let refusal = decide(&logs, signed(head(3), by), now).unwrap_err();
        assert!(
            matches!(
                refusal,
                Refusal::NotCounting(Invalid::TooEarly { .. } | Invalid::TooLate { .. })
            ),
            "{refusal:?}"
        );
    }
}

#[test]
fn a_log_that_ended_has_one_checkpoint() {
    let last = head(7);
    let logs = known(&format!("log {ORIGIN} final 7 {}", last.root));
    assert_eq!(decide(&logs, signed(last, &key(1)), NOW), Ok(()));
    let not_last = refused(Invalid::NotLast { size: 7 });
    let other = TreeHead {
        size: 7,
        root: leaf_hash(b"other"),
    };
    for head in [head(3), other] {
        assert_eq!(decide(&logs, signed(head, &key(1)), NOW), not_last);
    }
    let too_large = refused(Invalid::TooLarge { limit: 7 });
    assert_eq!(decide(&logs, signed(head(8), &key(1)), NOW), too_large);
    // The log ended for a key of another list, too, whichever comes first.
    let mut more = KnownLogs::default();
    let origin = Origin::parse(ORIGIN).unwrap();
    more.add(&origin, key(3).verifier().clone(), None).unwrap();
    let (mut one, mut two) = (logs.clone(), more.clone());
    one.extend(more).unwrap();
    two.extend(logs).unwrap();
    for logs in [one, two] {
        assert_eq!(decide(&logs, signed(head(8), &key(3)), NOW), not_last);
        assert_eq!(decide(&logs, signed(last, &key(3)), NOW), Ok(()));
    }
}

#[test]
fn a_further_key_has_to_sign_too() {
    let also = note_key(ORIGIN, SignatureType::SubtreeV1, 7);
    let logs = known(&format!("log {ORIGIN} also {}", also.verifier()));
    let one = signed(head(3), &key(1));
    let absent = Invalid::AlsoAbsent { key: named(&also) };
    assert_eq!(decide(&logs, one.clone(), NOW), refused(absent));
    let line = cosignature::cosign(&one, &also, 0).unwrap();
    let both = one.with_signature(line).unwrap();
    assert_eq!(decide(&logs, both, NOW), Ok(()));
    let alone = signed(head(3), &also);
    assert_eq!(decide(&logs, alone, NOW), Err(Refusal::Unsigned));
}
