//! Decisions of a witness: every status of the specification, forks, rollbacks and clocks.

use crate::support::note_key;
use glasslog_core::merkle::{ConsistencyProof, Hash, TreeHead, leaf_hash, tree_root};
use glasslog_core::note::{
    Checkpoint, KeyId, KeyName, Origin, Signature, SignatureType, SignerKey, cosignature,
};
use glasslog_core::witness::{
    AddCheckpoint, KnownLogs, Memory, Refusal, VerifiedRequest, WitnessKey,
};
use proptest::prelude::*;

const ORIGIN: &str = "log.example";
const NOW: u64 = 1_795_467_600;

fn log_key() -> SignerKey {
    note_key(ORIGIN, SignatureType::Ed25519, 1)
}

fn witness_key() -> WitnessKey {
    WitnessKey::new(note_key("w.example", SignatureType::CosignatureV1, 2)).unwrap()
}

fn known() -> KnownLogs {
    let mut logs = KnownLogs::default();
    let origin = Origin::parse(ORIGIN).unwrap();
    logs.add(&origin, log_key().verifier().clone(), None)
        .unwrap();
    logs
}

/// The leaves of one of several histories that share their first entries.
fn leaves(size: u64, forked_at: Option<u64>) -> Vec<Hash> {
    (0..size)
        .map(|index| match forked_at.filter(|at| index >= *at) {
            Some(_) => leaf_hash(format!("other {index}").as_bytes()),
            None => leaf_hash(format!("entry {index}").as_bytes()),
        })
        .collect()
}

fn head(size: u64, forked_at: Option<u64>) -> TreeHead {
    let root = tree_root(&leaves(size, forked_at));
    TreeHead { size, root }
}

fn checkpoint(size: u64, forked_at: Option<u64>) -> Checkpoint {
    let origin = Origin::parse(ORIGIN).unwrap();
    Checkpoint::sign(&origin, head(size, forked_at), &log_key()).unwrap()
}

fn proof(old: u64, new: u64, forked_at: Option<u64>) -> ConsistencyProof {
    if old == 0 {
        return ConsistencyProof::default();
    }
    let leaves = leaves(new, forked_at);
    ConsistencyProof::prove(old, new, |span| {
        let (first, end) = (span.start().unwrap(), span.end().unwrap());
        Ok::<_, glasslog_core::merkle::ProofError>(tree_root(&leaves[first as usize..end as usize]))
    })
    .unwrap()
}

fn request(old: u64, new: u64, forked_at: Option<u64>) -> AddCheckpoint {
    AddCheckpoint::new(old, proof(old, new, forked_at), checkpoint(new, forked_at)).unwrap()
}

fn verify(request: AddCheckpoint) -> Result<VerifiedRequest, Refusal> {
    let (logs, key) = (known(), witness_key());
    let log = logs.get(request.checkpoint().origin()).unwrap();
    VerifiedRequest::new(request, log, &[key.verifier()])
}

/// Decides, and returns the new memory.
fn ask(memory: Option<&Memory>, request: AddCheckpoint, now: u64) -> Result<Memory, Refusal> {
    let verified = verify(request)?;
    let key = [witness_key()];
    let (answer, new) = verified.decide(memory, now)?.cosign(&key)?;
    let (line, time) = answer.by(verified.checkpoint(), key[0].verifier()).unwrap();
    assert_eq!(time, now);
    assert!(new.checkpoint.note().signatures().contains(&line));
    assert_eq!(new.time, now);
    Ok(new)
}

#[test]
fn a_witness_follows_a_log() {
    let mut memory = None;
    for (now, (old, new)) in (NOW..).zip([(0, 0), (0, 0), (0, 1), (1, 1), (1, 7), (7, 8), (8, 300)])
    {
        let next = ask(memory.as_ref(), request(old, new, None), now).unwrap();
        assert_eq!(next.head(), head(new, None));
        assert_eq!(next.checkpoint.note().signatures().len(), 2);
        memory = Some(next);
    }
    let first = ask(None, request(0, 300, None), NOW).unwrap();
    assert_eq!(first.head().size, 300);
}

#[test]
fn each_refusal_has_its_reason() {
    let memory = ask(None, request(0, 7, None), NOW).unwrap();
    let memory = Some(&memory);
    let refused = |request| ask(memory, request, NOW + 1).unwrap_err();
    for request in [
        request(0, 7, None),
        request(0, 9, None),
        request(6, 9, None),
        request(8, 9, None),
        request(3, 5, None),
        request(5, 5, None),
    ] {
        assert_eq!(refused(request), Refusal::Conflict { size: 7 });
    }
    // A proof that is missing, too long, of other sizes, or given where none is due.
    let with = |old, proof, new| AddCheckpoint::new(old, proof, checkpoint(new, None)).unwrap();
    let hash = ConsistencyProof::from_hashes(vec![leaf_hash(b"")]).unwrap();
    for request in [
        with(7, ConsistencyProof::default(), 9),
        with(7, proof(6, 9, None), 9),
        with(7, proof(7, 10, None), 9),
        with(7, hash.clone(), 7),
    ] {
        assert!(matches!(refused(request), Refusal::Proof(_)));
    }
    for request in [with(0, hash.clone(), 9), with(0, hash, 0)] {
        let error = ask(None, request, NOW).unwrap_err();
        assert!(matches!(error, Refusal::Proof(_)));
    }
    assert_eq!(
        ask(None, request(1, 9, None), NOW).unwrap_err(),
        Refusal::Conflict { size: 0 }
    );
}

/// Requests with the same old size race: the second finds another size.
#[test]
fn of_two_requests_that_extend_one_head_the_second_is_refused() {
    let memory = ask(None, request(0, 7, None), NOW).unwrap();
    let (first, second) = (request(7, 9, None), request(7, 8, None));
    let memory = ask(Some(&memory), first, NOW).unwrap();
    assert_eq!(
        ask(Some(&memory), second, NOW).unwrap_err(),
        Refusal::Conflict { size: 9 }
    );
}

#[test]
fn forks_are_refused_and_proven() {
    let memory = ask(None, request(0, 7, None), NOW).unwrap();
    for (new, forked_at) in [(7, 0), (7, 6), (8, 0), (8, 6), (300, 3)] {
        let request = request(7, new, Some(forked_at));
        let refusal = ask(Some(&memory), request.clone(), NOW).unwrap_err();
        assert!(matches!(refusal, Refusal::Proof(_)), "{refusal:?}");
        let fork = verify(request).unwrap().fork(&memory).unwrap();
        assert_ne!(fork.root, memory.head().root);
        let prefix = TreeHead {
            size: 7,
            root: fork.root,
        };
        let shown = head(new, Some(forked_at));
        assert_eq!(fork.proof.verify(&prefix, &shown), Ok(()));
    }
    // One size with another root is a fork, whatever the old size says.
    let other = request(0, 7, Some(2));
    assert_eq!(
        ask(Some(&memory), other.clone(), NOW).unwrap_err(),
        Refusal::Conflict { size: 7 }
    );
    assert!(verify(other).unwrap().fork(&memory).is_some());
    // A wrong proof of a true head proves nothing.
    for (old, proof) in [(7, proof(6, 9, None)), (6, proof(6, 9, None))] {
        let request = AddCheckpoint::new(old, proof, checkpoint(9, None)).unwrap();
        assert_eq!(verify(request).unwrap().fork(&memory), None);
    }
    let same = verify(request(7, 7, None)).unwrap();
    assert_eq!(same.fork(&memory), None);
}

#[test]
fn only_the_log_signs() {
    let stranger = note_key(ORIGIN, SignatureType::Ed25519, 9);
    let origin = Origin::parse(ORIGIN).unwrap();
    let foreign = Checkpoint::sign(&origin, head(7, None), &stranger).unwrap();
    let good = checkpoint(7, None);
    let by_log = &good.note().signatures()[0];
    let line = |name: &KeyName, id| Signature::new(name.clone(), id, vec![7; 64]).unwrap();
    let forged = line(by_log.name(), by_log.id());
    let unproven = |checkpoint: Checkpoint| {
        verify(AddCheckpoint::new(0, ConsistencyProof::default(), checkpoint).unwrap())
    };
    assert_eq!(unproven(foreign.clone()).unwrap_err(), Refusal::Unsigned);
    assert_eq!(
        unproven(foreign.with_signature(forged.clone()).unwrap()).unwrap_err(),
        Refusal::BadSignature
    );
    // Beside a good line, a bad one makes the note malformed.
    let text = String::from_utf8(good.encode()).unwrap();
    let both = format!("{text}{}", forged.encode_line());
    let both = Checkpoint::parse(both.as_bytes()).unwrap();
    assert_eq!(unproven(both).unwrap_err(), Refusal::BadSignature);
    // Lines by strangers, also 16 and 17 and as many as a note may have, decide nothing and are not remembered.
    for strangers in [1, 15, 16, 17, 98] {
        let mut text = text.clone();
        for at in 0..strangers {
            let name = KeyName::parse(&format!("s{at}.example")).unwrap();
            text.push_str(&line(&name, KeyId::from_bytes([1; 4])).encode_line());
        }
        let checkpoint = Checkpoint::parse(text.as_bytes()).unwrap();
        let request = AddCheckpoint::new(0, ConsistencyProof::default(), checkpoint).unwrap();
        let memory = ask(None, request, NOW).unwrap();
        assert_eq!(memory.checkpoint.note().signatures().len(), 2);
    }
}

/// A log may be named like the witness; only name and id together tell keys apart.
#[test]
fn lines_under_the_name_of_the_witness_are_no_cosignatures() {
    let key = witness_key();
    let verifier = key.verifier();
    let good = checkpoint(7, None);
    let forged = Signature::new(verifier.name().clone(), verifier.id(), vec![7; 72]).unwrap();
    let later = Signature::new(verifier.name().clone(), verifier.id(), {
        let mut bytes = (NOW + 1_000).to_be_bytes().to_vec();
        bytes.extend([7; 64]);
        bytes
    })
    .unwrap();
    for line in [forged, later] {
        let checkpoint = good.with_signature(line.clone()).unwrap();
        let request = AddCheckpoint::new(0, ConsistencyProof::default(), checkpoint).unwrap();
        let memory = ask(None, request, NOW).unwrap();
        let lines = memory.checkpoint.note().signatures();
        assert_eq!((lines.len(), lines.contains(&line)), (2, false));
    }
    let mut logs = KnownLogs::default();
    let log = note_key("w.example", SignatureType::Ed25519, 5);
    let origin = Origin::parse("w.example").unwrap();
    logs.add(&origin, log.verifier().clone(), None).unwrap();
    assert_eq!(logs.refuse_own(&[verifier]), Ok(()));
    let checkpoint = Checkpoint::sign(&origin, head(3, None), &log).unwrap();
    let request = AddCheckpoint::new(0, ConsistencyProof::default(), checkpoint).unwrap();
    let log = logs.get(&origin).unwrap();
    let verified = VerifiedRequest::new(request, log, &[verifier]).unwrap();
    let (answer, memory) = verified.decide(None, NOW).unwrap().cosign(&[key]).unwrap();
    assert_eq!(answer.lines().len(), 1);
    assert_eq!(memory.checkpoint.note().signatures().len(), 2);
}

#[test]
fn a_cosignature_never_states_an_earlier_time() {
    let memory = ask(None, request(0, 7, None), NOW).unwrap();
    for now in [0, 1, NOW - 1] {
        let remembered = NOW;
        for request in [request(7, 7, None), request(7, 9, None)] {
            assert_eq!(
                ask(Some(&memory), request, now).unwrap_err(),
                Refusal::ClockBehind { now, remembered }
            );
        }
    }
    assert!(ask(Some(&memory), request(7, 7, None), NOW).is_ok());
    let refusal = ask(None, request(0, 7, None), 0).unwrap_err();
    assert!(matches!(refusal, Refusal::ClockBehind { .. }));
}

/// A memory that is older than a cosignature by the witness itself was rolled back.
#[test]
fn a_memory_that_was_rolled_back_is_noticed_and_can_be_recovered() {
    let key = witness_key();
    let own = [key.verifier()];
    let old = ask(None, request(0, 7, None), NOW).unwrap();
    let new = ask(Some(&old), request(7, 9, None), NOW + 1).unwrap();
    let again = ask(Some(&new), request(9, 9, None), NOW + 2).unwrap();
    let shown = |memory: &Memory, old| {
        let size = memory.head().size;
        let request = AddCheckpoint::new(old, proof(old, size, None), memory.checkpoint.clone());
        verify(request.unwrap()).unwrap()
    };
    let rolled_back = |verified: &VerifiedRequest, memory: Option<&Memory>| {
        let refusal = verified.decide(memory, NOW + 3).unwrap_err();
        let is_so = matches!(refusal, Refusal::RolledBack { .. });
        assert_eq!(is_so, verified.recovered(memory, &own).is_some());
        is_so
    };
    // A larger size, or one that the memory has with an earlier time; or no memory at all.
    for (verified, memory) in [
        (shown(&new, 7), Some(&old)),
        (shown(&again, 9), Some(&new)),
        (shown(&old, 0), None),
        (shown(&new, 0), None),
    ] {
        assert!(rolled_back(&verified, memory));
        let recovered = verified.recovered(memory, &own).unwrap();
        assert_eq!(recovered.checkpoint, *recovered_of(&verified, &recovered));
        assert!(recovered.head().size >= memory.map_or(0, |memory| memory.head().size));
        assert!(verified.recovered(Some(&recovered), &own).is_none());
    }
    // Earlier cosignatures by the witness are no news.
    for (verified, memory) in [(shown(&old, 7), &old), (shown(&old, 7), &again)] {
        assert_eq!(verified.recovered(Some(memory), &own), None);
        let decided = verified.decide(Some(memory), NOW + 3);
        assert!(!matches!(decided, Err(Refusal::RolledBack { .. })));
    }
    // A forged time or size is no cosignature.
    let line = cosignature::cosign(
        &checkpoint(8, None),
        &note_key("w.example", SignatureType::CosignatureV1, 2),
        NOW + 9,
    )
    .unwrap();
    let forged = checkpoint(9, None).with_signature(line).unwrap();
    let request = AddCheckpoint::new(7, proof(7, 9, None), forged).unwrap();
    assert!(ask(Some(&old), request, NOW + 3).is_ok());
}

/// After its operator accepted a memory that was rolled back, the witness goes on from there, and never back.
#[test]
fn a_recovered_memory_never_shrinks() {
    let key = witness_key();
    let own = [key.verifier()];
    let at = |size, time, forked_at| {
        let request = AddCheckpoint::new(0, ConsistencyProof::default(), {
            let checkpoint = checkpoint(size, forked_at);
            let secret = note_key("w.example", SignatureType::CosignatureV1, 2);
            let line = cosignature::cosign(&checkpoint, &secret, time).unwrap();
            checkpoint.with_signature(line).unwrap()
        });
        verify(request.unwrap()).unwrap()
    };
    let memory = ask(None, request(0, 7, Some(5)), NOW).unwrap();
    let recovered = |shown: &VerifiedRequest| shown.recovered(Some(&memory), &own);
    // A larger head that it cosigned earlier does not take the place of the remembered one, without suspending the witness.
    let shown = at(9, NOW - 1, None);
    assert_eq!(recovered(&shown), None);
    let refusal = shown.decide_restored(Some(&memory), NOW + 1).unwrap_err();
    assert_eq!(refusal, Refusal::Conflict { size: 7 });
    // A smaller one, or another root of one size, that it cosigned later moves the time alone.
    for shown in [at(5, NOW + 3, None), at(7, NOW + 3, None)] {
        let moved = recovered(&shown).unwrap();
        assert_eq!(moved.checkpoint, memory.checkpoint);
        assert_eq!(moved.time, NOW + 3);
    }
    let moved = recovered(&at(9, NOW + 3, None)).unwrap();
    assert_eq!((moved.head(), moved.time), (head(9, None), NOW + 3));
}

/// The recovered checkpoint has the shown text, the log's line and the witness's own.
fn recovered_of<'a>(verified: &VerifiedRequest, recovered: &'a Memory) -> &'a Checkpoint {
    let text = verified.checkpoint().note().text();
    assert_eq!(recovered.checkpoint.note().text(), text);
    assert_eq!(recovered.checkpoint.note().signatures().len(), 2);
    &recovered.checkpoint
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked in whatever order, the remembered heads form one history, and sizes and times never shrink.
    #[test]
    fn a_witness_cosigns_one_history(
        asked in prop::collection::vec((0u64..12, 0u64..12, prop::option::of(0u64..12), 0u64..4), 1..40)
    ) {
        let mut memory: Option<Memory> = None;
        let mut signed = Vec::new();
        let mut now = NOW;
        for (old, more, forked_at, pause) in asked {
            now = now + pause - 1;
            let request = request(old, old + more, forked_at);
            let Ok(next) = ask(memory.as_ref(), request, now) else { continue };
            if let Some(before) = &memory {
                prop_assert!(next.head().size >= before.head().size && next.time >= before.time);
            }
            signed.push((next.head(), forked_at));
            memory = Some(next);
        }
        if let Some((last, forked_at)) = signed.last() {
            for (earlier, _) in &signed {
                let prefix = tree_root(&leaves(last.size, *forked_at)[..earlier.size as usize]);
                prop_assert_eq!(prefix, earlier.root);
            }
        }
    }
}
