//! Cosigning: the checks and the memory of a witness; publishing and cosigning do not undo each other.

use crate::support::{NOW, entries, log_key, scratch};
use crate::tree::PublicLog;
use glasslog_core::fetch::CheckpointList;
use glasslog_core::merkle::TreeHead;
use glasslog_core::note::{
    Checkpoint, KeyId, KeyName, Signature, SignatureType, SignerKey, cosignature,
};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::witness::{Refusal, WitnessKey};
use glasslog_log::StorageError;
use glasslog_log::directory::Disk;
use glasslog_log::witness::{Cosigned, Witness, WitnessError};
use glasslog_log::writer::new_secret;
use glasslog_log::{ARCHIVE_INTERVAL, Layout, Log, LogError, NewLog};
use std::path::{Path, PathBuf};
use std::{fs, thread};
use tempfile::TempDir;

struct Case {
    directory: TempDir,
    layout: Layout,
    policy: TrustPolicy,
}

fn signer(name: &str, kind: SignatureType) -> SignerKey {
    SignerKey::new(KeyName::parse(name).unwrap(), kind, new_secret().unwrap())
}

fn witness_key(name: &str) -> WitnessKey {
    WitnessKey::new(signer(name, SignatureType::CosignatureV1)).unwrap()
}

impl Case {
    fn new() -> Self {
        let directory = scratch();
        let layout = Layout::new(directory.path().join("log"));
        NewLog::raw("example.com/raw")
            .create(layout.root(), NOW)
            .unwrap();
        let policy =
            TrustPolicy::parse(format!("log {}\nquorum none\n", log_key(layout.root())).as_bytes())
                .unwrap();
        Self {
            directory,
            layout,
            policy,
        }
    }

    fn grow(&self, first: u64, count: u64, now: u64) -> TreeHead {
        let mut log = Log::open(self.layout.root()).unwrap();
        log.append(entries(first, count, 0)).unwrap();
        log.publish(now).unwrap()
    }

    /// Names these witnesses in `[log]` of the policy beside the log.
    fn name_witnesses(&self, keys: &[&WitnessKey]) {
        let path = self.layout.trust_policy();
        let policy = fs::read_to_string(&path).unwrap();
        let (log, others) = policy.split_once("quorum none\n").unwrap();
        let lines = keys.iter().enumerate();
        let lines: String = lines
            .map(|(at, key)| format!("witness w{at} {}\n", key.verifier()))
            .collect();
        fs::write(path, format!("{log}{lines}quorum none\n{others}")).unwrap();
    }

    fn state(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn cosign(&self, key: &WitnessKey, now: u64) -> Result<Cosigned, WitnessError> {
        let state = self.state("witness.state");
        let witness = Witness {
            key,
            state: &state,
            policy: &self.policy,
        };
        witness.cosign(&Disk::new(), &self.layout, now)
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint::parse(&fs::read(self.layout.checkpoint()).unwrap()).unwrap()
    }

    /// Returns the times of the cosignatures by `key` on a checkpoint.
    fn times(&self, checkpoint: &Checkpoint, key: &WitnessKey) -> Vec<u64> {
        checkpoint
            .note()
            .signatures_by(key.verifier())
            .map(|line| cosignature::verify(checkpoint, key.verifier(), line).unwrap())
            .collect()
    }

    /// Replaces the log by another one with the same key and different entries.
    fn fork(&self, first: u64, count: u64) -> TreeHead {
        let text = fs::read_to_string(self.layout.key("log")).unwrap();
        let key = SignerKey::parse(text.trim_end()).unwrap();
        fs::remove_dir_all(self.layout.root()).unwrap();
        NewLog::raw("example.com/raw")
            .with_key(key)
            .create(self.layout.root(), NOW)
            .unwrap();
        self.grow(first, count, NOW)
    }
}

fn copy_state(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

#[test]
fn what_extends_the_last_one_seen_is_cosigned() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    let mut seen = None;
    for (count, now) in [(0, 10), (1, 20), (300, 30), (0, 40), (5, 50)] {
        let head = case.grow(1_000 * now, count, NOW);
        let cosigned = case.cosign(&key, NOW + now).unwrap();
        assert_eq!((cosigned.head, cosigned.seen), (head, seen));
        assert_eq!(
            case.times(&case.checkpoint(), &key),
            [NOW + now],
            "a later cosignature replaces an earlier one"
        );
        let remembered =
            Checkpoint::parse(&fs::read(case.state("witness.state")).unwrap()).unwrap();
        assert_eq!(
            (remembered.head(), remembered.note().signatures().len()),
            (head, 2),
            "the log's line, and the witness's own with its time"
        );
        assert_eq!(remembered, cosigned.checkpoint);
        seen = Some(head);
    }
}

#[test]
fn cosignatures_stay_until_the_log_grows_and_are_then_archived() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    let other = witness_key("witness.example/w2");
    case.name_witnesses(&[&key, &other]);
    let head = case.grow(0, 10, NOW);
    let mut log = Log::open(case.layout.root()).unwrap();
    case.cosign(&key, NOW).unwrap();
    let (state, policy) = (case.state("other.state"), &case.policy);
    let second = Witness {
        key: &other,
        state: &state,
        policy,
    };
    second.cosign(&Disk::new(), &case.layout, NOW + 1).unwrap();
    assert_eq!(log.publish(NOW), Ok(head), "nothing new, nothing lost");
    drop(log);
    let cosigned = case.checkpoint();
    assert_eq!(
        (case.times(&cosigned, &key), case.times(&cosigned, &other)),
        (vec![NOW], vec![NOW + 1])
    );
    case.grow(10, 10, NOW + 2);
    assert_eq!(case.times(&case.checkpoint(), &key), [0; 0]);
    assert_eq!(
        fs::read(case.layout.public_file("checkpoints/10")).unwrap(),
        cosigned.encode()
    );
    PublicLog::read(&case.layout.public(), &log_key(case.layout.root()));
}

/// A line that the writer cannot verify may be false for a reader, and an archived checkpoint never changes.
#[test]
fn only_verified_signatures_are_archived() {
    let (case, known) = (Case::new(), witness_key("witness.example/w1"));
    let stranger = witness_key("witness.example/w2");
    case.name_witnesses(&[&known]);
    case.grow(0, 10, NOW);
    let bare = case.checkpoint();
    case.cosign(&known, NOW).unwrap();
    let expected = case.checkpoint();
    case.cosign(&stranger, NOW).unwrap();
    // Under the log's name by a key that nobody has, and false under the known witness's.
    let log = bare.note().signatures()[0].name().clone();
    let mut shown = case.checkpoint().encode();
    for (name, id) in [
        (log, KeyId::from_bytes([9; 4])),
        (known.verifier().name().clone(), known.verifier().id()),
    ] {
        let line = Signature::new(name, id, vec![7; 72]).unwrap();
        shown.extend(line.encode_line().bytes());
    }
    fs::write(case.layout.checkpoint(), shown).unwrap();
    case.grow(10, 10, NOW + ARCHIVE_INTERVAL);
    let archived = fs::read(case.layout.public_file("checkpoints/10")).unwrap();
    assert_eq!(archived, expected.encode());
    // Without a policy the writer knows its own key only.
    fs::write(case.layout.trust_policy(), "no policy").unwrap();
    case.cosign(&known, NOW).unwrap();
    case.grow(20, 10, NOW + 2 * ARCHIVE_INTERVAL);
    let archived = fs::read(case.layout.public_file("checkpoints/20")).unwrap();
    let archived = Checkpoint::parse(&archived).unwrap();
    assert_eq!(archived.note().signatures().len(), 1);
}

/// Returns the sizes of the archived checkpoints.
fn archived(case: &Case) -> Vec<u64> {
    let mut sizes: Vec<u64> = fs::read_dir(case.layout.public_file("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("list"))
        .map(|name| name.parse().unwrap())
        .collect();
    sizes.sort_unstable();
    sizes
}

/// Returns the sizes in the list of archived checkpoints.
fn listed(case: &Case) -> Option<Vec<u64>> {
    let bytes = fs::read(case.layout.public_file("checkpoints/list")).ok()?;
    let list = CheckpointList::parse(&bytes).unwrap();
    Some(list.sizes().into_iter().collect())
}

/// A checkpoint without a cosignature tells no reader a time.
#[test]
fn archived_checkpoints_with_a_cosignature_are_listed() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    case.name_witnesses(&[&key]);
    let mut first = 0;
    let mut grow = |cosign: bool| {
        case.grow(first, 1, NOW + first * ARCHIVE_INTERVAL);
        first += 1;
        if cosign {
            case.cosign(&key, NOW + first * ARCHIVE_INTERVAL).unwrap();
        }
    };
    grow(false);
    assert_eq!((archived(&case), listed(&case)), (vec![0], None));
    grow(true);
    grow(true);
    grow(false);
    assert_eq!(archived(&case), [0, 1, 2, 3]);
    assert_eq!(listed(&case), Some(vec![2, 3]));
    // A list that is lost, or that nobody can read, is made anew from the files.
    let list = case.layout.public_file("checkpoints/list");
    fs::remove_file(&list).unwrap();
    grow(true);
    assert_eq!(listed(&case), None, "the one before had no cosignature");
    grow(true);
    assert_eq!(listed(&case), Some(vec![2, 3, 5]));
    fs::write(&list, "anything").unwrap();
    grow(true);
    assert_eq!(listed(&case), Some(vec![2, 3, 5, 6]));
    PublicLog::read(&case.layout.public(), &log_key(case.layout.root()));
}

/// A crash between any two steps of archiving loses no size: the next writer does the same again.
#[test]
fn a_crash_while_archiving_loses_nothing() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    case.name_witnesses(&[&key]);
    case.grow(0, 10, NOW);
    case.cosign(&key, NOW).unwrap();
    // As after a crash behind the first step: the checkpoint is archived, nothing lists it, and it is still public.
    let folder = case.layout.public_file("checkpoints");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("10"), case.checkpoint().encode()).unwrap();
    let before = fs::read(case.layout.archived()).unwrap();
    case.grow(10, 10, NOW + 2 * ARCHIVE_INTERVAL);
    assert_eq!(listed(&case), Some(vec![10]));
    // Behind the second one: it is listed, and the private note of the time is old.
    case.cosign(&key, NOW).unwrap();
    fs::write(folder.join("20"), case.checkpoint().encode()).unwrap();
    let mut list = fs::read(folder.join("list")).unwrap();
    list.extend(b"20\n");
    fs::write(folder.join("list"), &list).unwrap();
    fs::write(case.layout.archived(), before).unwrap();
    case.grow(20, 10, NOW + 4 * ARCHIVE_INTERVAL);
    assert_eq!(fs::read(folder.join("list")).unwrap(), list);
}

#[test]
fn checkpoints_are_archived_in_time_and_cosigned_ones_first() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    case.name_witnesses(&[&key]);
    let mut first = 0;
    let mut grow = |now| {
        first += 1;
        case.grow(first, 1, NOW + now)
    };
    grow(0);
    assert_eq!(archived(&case), [0], "the first one that is superseded");
    grow(ARCHIVE_INTERVAL - 1);
    assert_eq!(archived(&case), [0]);
    grow(ARCHIVE_INTERVAL);
    assert_eq!(archived(&case), [0, 2]);
    case.cosign(&key, NOW).unwrap();
    grow(ARCHIVE_INTERVAL + 1);
    assert_eq!(archived(&case), [0, 2, 3], "no cosigned one was there");
    case.cosign(&key, NOW).unwrap();
    grow(ARCHIVE_INTERVAL + 2);
    assert_eq!(archived(&case), [0, 2, 3]);
    grow(10);
    assert_eq!(archived(&case), [0, 2, 3, 5], "the clock went back");
    fs::remove_file(case.layout.archived()).unwrap();
    grow(11);
    assert_eq!(
        archived(&case),
        [0, 2, 3, 5, 6],
        "nothing is known of earlier ones"
    );
}

#[test]
fn an_older_head_is_not_cosigned() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    case.grow(0, 10, NOW);
    case.cosign(&key, NOW).unwrap();
    case.fork(0, 9);
    let error = case.cosign(&key, NOW).unwrap_err();
    assert_eq!(
        error,
        WitnessError::Older {
            remembered: 10,
            shown: 9
        }
    );
    assert_eq!(case.times(&case.checkpoint(), &key), [0; 0]);
}

#[test]
fn two_heads_that_cannot_both_be_true_are_evidence() {
    for (before, after) in [(10, 10), (10, 11), (10, 700), (256, 512), (300, 301)] {
        let (case, key) = (Case::new(), witness_key("witness.example/w1"));
        let old = case.grow(0, before, NOW);
        case.cosign(&key, NOW).unwrap();
        let remembered = fs::read(case.state("witness.state")).unwrap();
        let new = case.fork(1, after);
        let Err(WitnessError::Inconsistent(evidence)) = case.cosign(&key, NOW) else {
            panic!("a fork was cosigned");
        };
        assert_eq!((evidence.old.head(), evidence.new.head()), (old, new));
        assert_ne!(evidence.root, old.root);
        let prefix = TreeHead {
            size: before,
            root: evidence.root,
        };
        evidence.proof.verify(&prefix, &new).unwrap();
        evidence.proof.verify(&old, &new).unwrap_err();
        assert_eq!(case.times(&case.checkpoint(), &key), [0; 0]);
        assert_eq!(
            fs::read(case.state("witness.state")).unwrap(),
            remembered,
            "the memory stays"
        );
    }
}

#[test]
fn the_evidence_file_has_its_documented_form() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    case.grow(0, 3, NOW);
    case.cosign(&key, NOW).unwrap();
    case.fork(1, 5);
    let Err(WitnessError::Inconsistent(evidence)) = case.cosign(&key, NOW) else {
        panic!("a fork was cosigned");
    };
    let text = String::from_utf8(evidence.encode()).unwrap();
    let mut rest = text.strip_prefix("glasslog-inconsistency/v1\n").unwrap();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap();
        let (name, length) = line.split_once(' ').unwrap();
        let (part, after) = after.split_at(length.parse().unwrap());
        parts.push((name, part));
        rest = after;
    }
    let prefix = format!("{}\n{}", evidence.root, evidence.proof.encode_lines());
    let note = |checkpoint: &Checkpoint| String::from_utf8(checkpoint.encode()).unwrap();
    assert_eq!(
        parts,
        [
            ("old", note(&evidence.old).as_str()),
            ("new", note(&evidence.new).as_str()),
            ("prefix", prefix.as_str()),
        ]
    );
}

#[test]
fn only_what_the_signed_head_commits_to_is_believed() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    case.grow(0, 10, NOW);
    case.cosign(&key, NOW).unwrap();
    case.grow(10, 300, NOW);
    let tile = case.layout.public_file("tile/0/000");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    fs::write(&tile, &bytes).unwrap();
    let error = case.cosign(&key, NOW).unwrap_err();
    assert!(matches!(error, WitnessError::Tile(_)), "{error:?}");
    fs::remove_file(&tile).unwrap();
    let error = case.cosign(&key, NOW).unwrap_err();
    assert!(matches!(error, WitnessError::Tile(_)), "{error:?}");
    assert_eq!(case.times(&case.checkpoint(), &key), [0; 0]);
}

#[test]
fn strangers_are_refused() {
    let case = Case::new();
    let key = witness_key("witness.example/w1");
    case.grow(0, 10, NOW);
    let other = Case::new();
    let error = Case {
        policy: other.policy.clone(),
        ..case
    }
    .cosign(&key, NOW)
    .unwrap_err();
    assert_eq!(
        error,
        WitnessError::UnknownLog {
            origin: "example.com/raw".into()
        }
    );

    other.grow(0, 1, NOW);
    let text = fs::read_to_string(other.layout.checkpoint()).unwrap();
    fs::write(
        other.layout.checkpoint(),
        text.replacen("\n1\n", "\n2\n", 1),
    )
    .unwrap();
    let error = other.cosign(&key, NOW).unwrap_err();
    assert_eq!(
        error,
        WitnessError::BadSignature {
            origin: "example.com/raw".into()
        }
    );
}

#[test]
fn a_memory_of_another_log_is_refused() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    let path = case.directory.path().join("other");
    NewLog::raw("example.com/other").create(&path, NOW).unwrap();
    copy_state(
        &Layout::new(&path).checkpoint(),
        &case.state("witness.state"),
    );
    let error = case.cosign(&key, NOW).unwrap_err();
    let (remembered, shown) = ("example.com/other".into(), "example.com/raw".into());
    assert_eq!(error, WitnessError::OtherLog { remembered, shown });
    fs::write(case.state("witness.state"), "half").unwrap();
    let error = case.cosign(&key, NOW).unwrap_err();
    assert!(
        matches!(
            error,
            WitnessError::Log(LogError::Storage(StorageError::Malformed { .. }))
        ),
        "{error:?}"
    );
}

/// A writer publishes as fast as it can while three witnesses cosign as fast as they can.
#[test]
fn publishing_and_cosigning_do_not_undo_each_other() {
    let case = Case::new();
    let last = 120;
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = Log::open(case.layout.root()).unwrap();
            for index in 0..last {
                log.append(entries(index, 1, 0)).unwrap();
                log.publish(NOW + index * ARCHIVE_INTERVAL).unwrap();
            }
        });
        for name in ["a", "b", "c"] {
            let case = &case;
            scope.spawn(move || {
                let key = witness_key(&format!("witness.example/{name}"));
                let state = case.state(name);
                let witness = Witness {
                    key: &key,
                    state: &state,
                    policy: &case.policy,
                };
                let mut size = 0;
                while size < last {
                    match witness.cosign(&Disk::new(), &case.layout, NOW) {
                        Ok(cosigned) => {
                            assert!(cosigned.head.size >= size, "the checkpoint went back");
                            size = cosigned.head.size;
                        }
                        Err(WitnessError::Moving) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(
        case.checkpoint().note().signatures().len(),
        4,
        "no cosignature of the last size was lost"
    );
    PublicLog::read(&case.layout.public(), &log_key(case.layout.root()));
}

/// A cosignature says that no larger tree was seen by its time, so a later one never states an earlier time: a witness
/// whose clock goes back cosigns nothing until the clock is past its last cosignature.
#[test]
fn a_witness_survives_a_clock_that_jumps() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    let mut last = 0;
    let jumps = [
        NOW,
        NOW - 1_000_000,
        1,
        NOW * 2,
        NOW - 1,
        NOW + 100,
        NOW * 2,
    ];
    for (round, now) in (0..).zip(jumps) {
        let head = case.grow(round * 10, 10, now);
        match case.cosign(&key, now) {
            Ok(cosigned) => {
                assert_eq!(cosigned.head, head);
                assert!(now >= last, "the time went back");
                last = now;
            }
            Err(error) => {
                let cosigned = last;
                assert_eq!(error, WitnessError::ClockBehind { now, cosigned });
                assert!(now < last);
            }
        }
    }
    assert_eq!(last, NOW * 2);
    let head = case.grow(1_000, 1, NOW);
    assert_eq!(
        case.cosign(&key, NOW * 2 + 1).map(|cosigned| cosigned.head),
        Ok(head)
    );
}

/// The public checkpoint carries what the witness signed: a memory that is older, or gone, is noticed by it.
#[test]
fn a_memory_that_was_rolled_back_is_noticed() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    let state = case.state("witness.state");
    case.grow(0, 10, NOW);
    case.cosign(&key, NOW).unwrap();
    let backup = fs::read(&state).unwrap();
    case.grow(10, 10, NOW + 1);
    case.cosign(&key, NOW + 1).unwrap();
    let public = case.checkpoint();
    let rolled_back = |remembered| {
        WitnessError::Refused(Refusal::RolledBack {
            size: 20,
            time: NOW + 1,
            remembered,
        })
    };
    fs::write(&state, backup).unwrap();
    assert_eq!(case.cosign(&key, NOW + 2), Err(rolled_back(10)));
    fs::remove_file(&state).unwrap();
    assert_eq!(case.cosign(&key, NOW + 2), Err(rolled_back(0)));
    assert!(!state.exists(), "nothing is remembered");
    assert_eq!(case.checkpoint(), public);
}

/// A cosignature of an earlier time does not replace one that readers have.
#[test]
fn a_cosignature_is_not_replaced_by_an_earlier_one() {
    let (case, key) = (Case::new(), witness_key("witness.example/w1"));
    case.grow(0, 10, NOW);
    case.cosign(&key, NOW).unwrap();
    let before = case.checkpoint();
    for now in [0, 1, NOW - 300, NOW - 1] {
        let error = case.cosign(&key, now).unwrap_err();
        let cosigned = NOW;
        assert_eq!(error, WitnessError::ClockBehind { now, cosigned });
        assert!(error.to_string().starts_with("the clock reads "), "{error}");
        assert_eq!(case.checkpoint(), before);
    }
    case.cosign(&key, NOW).unwrap();
    case.cosign(&key, NOW + 1).unwrap();
}
