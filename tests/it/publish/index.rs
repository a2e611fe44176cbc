//! The index log has a quorum of its own: a manifest is public once it is met.
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glasslog_core::note::TlogProof;
use glasslog_core::trust::TrustPolicy;
use glasslog_log::index::{Background, Indexer};
use glasslog_log::status::Status;
use glasslog_log::{Layout, LogError};
use glasslog_tests::cosigner::{Conduct, Cosigner};

use super::stage::{NOW, QUICK, Stage, add_index_witnesses};

/// Size of the log that the public index covers, and the number of good cosignatures on it.
fn public(stage: &Stage) -> Option<(u64, usize)> {
    let layout = Layout::new(stage.path());
    let latest = fs::read(layout.public_file("index/latest.tlog-proof")).ok()?;
    let latest = TlogProof::parse(&latest).unwrap();
    let policy = fs::read(stage.path().join("w.policy")).unwrap();
    let policy = TrustPolicy::parse(&policy).unwrap();
    let verdict = policy.index().unwrap().judge(latest.checkpoint(), NOW);
    assert!(verdict.accepts(), "{verdict:?}");
    let checkpoint = fs::read(layout.public_file("index/checkpoint")).unwrap();
    assert_eq!(checkpoint, latest.checkpoint().encode());
    let counts = verdict.witnesses.iter();
    let counts = counts.filter(|witness| witness.outcome.counts()).count();
    Some((Status::read(stage.path()).unwrap().indexed?, counts))
}

#[test]
fn a_manifest_is_public_when_the_witnesses_of_the_index_cosigned_it() {
    let stage = Stage::new(QUICK);
    let layout = Layout::new(stage.path());
    fs::remove_dir_all(layout.public_file("index")).ok();
    for file in ["index-head", "index-next", "index-runs", "index-made"] {
        fs::remove_file(layout.state().join(file)).ok();
    }
    let witnesses: Vec<Cosigner> = (4..=5).map(Cosigner::start).collect();
    add_index_witnesses(&stage.path(), &witnesses);
    let mut log = stage.open();
    let mut indexer = Indexer::of_log(&log, stage.path()).unwrap();
    log.append(vec![b"one".to_vec()]).unwrap();
    log.publish(NOW).unwrap();
    assert_eq!(indexer.publish(NOW), Ok(1));
    assert_eq!(public(&stage), Some((1, 2)));
    // The witnesses of the log are asked about the log only, and those of the index about the index.
    assert_eq!(witnesses[0].seen().len(), 1);
    log.append(vec![b"two".to_vec()]).unwrap();
    log.publish(NOW).unwrap();
    witnesses[1].behave(Conduct::Dead);
    let before = fs::read(layout.public_file("index/latest.tlog-proof")).unwrap();
    let failed = indexer.publish(NOW);
    assert!(
        matches!(failed, Err(LogError::NotCosigned(_))),
        "{failed:?}"
    );
    drop(indexer);
    let after = fs::read(layout.public_file("index/latest.tlog-proof")).unwrap();
    assert_eq!(after, before);
    let status = Status::read(stage.path()).unwrap();
    assert_eq!((status.indexed, status.published), (Some(1), 2));
    assert_eq!(status.index_witnesses.missing, ["w5"]);
    // The log itself does not wait for it.
    log.append(vec![b"three".to_vec()]).unwrap();
    assert_eq!(log.publish(NOW).unwrap().size, 3);
    log.close().unwrap();
    // The thread of a server finishes the work once the witness is back, and goes on.
    let index = Background::start(stage.path(), |_| {});
    let watch = index.watch();
    sleep(Duration::from_millis(600));
    assert_eq!(public(&stage), Some((1, 2)));
    witnesses[1].behave(Conduct::Honest);
    let begun = Instant::now();
    while watch.indexed() < 3 {
        watch.hurry();
        assert!(begun.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(20));
    }
    index.stop();
    assert_eq!(public(&stage), Some((3, 2)));
    assert!(
        Status::read(stage.path())
            .unwrap()
            .index_witnesses
            .missing
            .is_empty()
    );
}
