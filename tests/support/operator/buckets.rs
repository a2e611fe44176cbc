//! Buckets whose bytes break a rule, properly sealed into their run: the builder's fault, and a file shows it.
use glasslog_core::event::KeyKind;
use glasslog_core::index::format::MapFunction;

use super::case::{Case, seen};
use super::forged_run::{ForgedRun, Record};
use super::stage::{Operator, key, resnet};

pub(super) fn cases() -> Vec<Case> {
    let lie = |name, lie, error, make: fn() -> Operator| {
        Case::new(name, lie, make)
            .caught(seen(3, "index-files", error))
            .fraud("malformed-bucket")
    };
    vec![
        lie(
            "buckets-swapped",
            "seals two buckets of a run in each other's place",
            "index-bucket-wrong-bucket",
            || {
                forge(|run, bucket| {
                    let other = (0..run.buckets.len())
                        .find(|other| *other != bucket && !run.buckets[*other].is_empty());
                    run.buckets.swap(bucket, other.expect("a second bucket"));
                })
            },
        ),
        lie(
            "keys-out-of-order",
            "writes the keys of a bucket in another order",
            "index-bucket-key-order",
            || forge(|run, bucket| run.change_bucket(bucket, |records| records.reverse())),
        ),
        lie(
            "key-twice",
            "writes a key twice",
            "index-bucket-key-order",
            || {
                forge(|run, bucket| {
                    run.change_bucket(bucket, |records| records.insert(0, records[0].clone()));
                })
            },
        ),
        lie(
            "trailing-bytes",
            "puts bytes after the last record",
            "index-bucket-truncated",
            || forge(|run, bucket| run.buckets[bucket].extend([0; 7])),
        ),
        lie(
            "last-record-cut",
            "seals a bucket without its last byte",
            "index-bucket-truncated",
            || {
                forge(|run, bucket| {
                    run.buckets[bucket].pop();
                })
            },
        ),
        lie(
            "no-offset",
            "writes a key that is nowhere",
            "index-postings-no-offset",
            || {
                forge(|run, bucket| {
                    change_resnet(run, bucket, |record| {
                        *record = Record {
                            count: 0,
                            body: Vec::new(),
                            ..record.clone()
                        };
                    });
                })
            },
        ),
        lie(
            "offsets-out-of-order",
            "writes the positions of a key in another order",
            "index-postings-order",
            || {
                forge(|run, bucket| {
                    change_resnet(run, bucket, |record| {
                        record.body.rotate_left(4);
                    });
                })
            },
        ),
        lie(
            "offset-twice",
            "writes a position twice",
            "index-postings-order",
            || {
                forge(|run, bucket| {
                    change_resnet(run, bucket, |record| {
                        record.body.copy_within(0..4, 4);
                    });
                })
            },
        ),
        lie(
            "offset-beyond",
            "writes a position that is not in the run",
            "index-postings-out-of-range",
            || {
                forge(|run, bucket| {
                    change_resnet(run, bucket, |record| {
                        let last = record.body.len() - 4;
                        record.body[last..].copy_from_slice(&128u32.to_be_bytes());
                    });
                })
            },
        ),
        lie(
            "more-offsets-than-entries",
            "says that a key has more positions than the run has entries",
            "index-postings-too-many",
            || {
                forge(|run, bucket| {
                    change_resnet(run, bucket, |record| {
                        (record.count, record.body) = (2000, vec![7; 32]);
                    });
                })
            },
        ),
        lie(
            "reserved-key-in-the-tree",
            "writes a reserved key into a bucket of the tree, too",
            "index-bucket-reserved-key",
            || {
                forge(|run, bucket| {
                    // In the place of the first key of the bucket, whatever the order says.
                    let trust = key(KeyKind::Trust, "");
                    run.change_bucket(bucket, |records| records[0].key = *trust.as_bytes());
                })
            },
        ),
        lie(
            "ordinary-key-reserved",
            "writes an ordinary key into the reserved bucket",
            "index-bucket-not-reserved",
            || {
                forge(|run, _| {
                    run.change_reserved(|records| {
                        let key = resnet();
                        *records = vec![Record::of(&key, &[1])];
                    });
                })
            },
        ),
        lie(
            "reserved-without-record",
            "names a reserved bucket without a record",
            "index-bucket-empty-reserved",
            || forge(|run, _| run.reserved = Some(Vec::new())),
        ),
    ]
}

/// The honest index with a change in its middle run; the bucket is the one of the artifact. The auditor is taken in.
fn forge(change: fn(&mut ForgedRun, usize)) -> Operator {
    let mut operator = Operator::prepared();
    let mut runs = operator.runs();
    let bucket = runs[1].bucket_of(&resnet());
    let before = runs[1].head();
    change(&mut runs[1], bucket);
    assert_ne!(runs[1].head(), before, "the run was to change");
    operator.publish(&runs);
    operator
}

/// Changes the record of the artifact, which has the offsets 2, 42, 82 and 122 in the middle run.
fn change_resnet(run: &mut ForgedRun, bucket: usize, change: impl FnOnce(&mut Record)) {
    let key = resnet();
    run.change_bucket(bucket, |records| {
        let record = records
            .iter_mut()
            .find(|record| record.key == *key.as_bytes());
        let record = record.expect("the artifact has a record");
        assert_eq!(*record, Record::of(&key, &[2, 42, 82, 122]));
        assert!(!MapFunction::AccessV2.reserved().contains(&key));
        change(record);
    });
}
