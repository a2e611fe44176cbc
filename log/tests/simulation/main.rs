//! Deterministic simulation of several writers on one log: one seed is one schedule of delays, losses, repetitions, crashes,
//! pauses and skewed clocks, and the protocol that it runs is the one that the S3 backend runs.
//!
//! `GLASSLOG_SIMULATIONS=1000000 cargo test --release -p glasslog-log --test simulation` runs more schedules; a schedule
//! that breaks a promise is named by its seed, and `GLASSLOG_SEED` runs it alone.

mod manifest;
mod mutation;
mod node;
mod reference;
mod rng;
mod store;
mod world;

use mutation::Mutation;
use world::{Faults, World};

/// Number of schedules in CI: some seconds.
const SCHEDULES: u64 = 3_000;
/// Number of schedules within which every mistake must be found.
const PATIENCE: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_schedule_forks_the_log_or_loses_what_was_acknowledged() {
    let seeds = match number("GLASSLOG_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("GLASSLOG_SIMULATIONS").unwrap_or(SCHEDULES),
    };
    // Two threads, because CI has two cores.
    let run = |remainder: u64| {
        let mut counts = [0; 3];
        for seed in seeds.clone().filter(|seed| seed % 2 == remainder) {
            let mut world = World::new(seed, Faults::STORM, None);
            if let Err(error) = world.run() {
                panic!("seed {seed}: {error}");
            }
            let epochs = world.reference.lock().map_or(0, |lock| lock.epoch);
            counts = [
                counts[0] + 1,
                counts[1] + world.operations,
                counts[2] + epochs,
            ];
        }
        counts
    };
    let (even, odd) = std::thread::scope(|scope| {
        let odd = scope.spawn(|| run(1));
        (run(0), odd.join().expect("no schedule breaks a promise"))
    });
    let [schedules, operations, epochs]: [u64; 3] = std::array::from_fn(|n| even[n] + odd[n]);
    println!("{schedules} schedules, {operations} operations, {epochs} epochs");
    // A storm that deposes no writer tests nothing.
    assert!(epochs > 2 * schedules || schedules == 1);
}

/// Without faults, the first writer stays the writer.
#[test]
fn a_calm_log_keeps_its_writer() {
    for seed in 0..50 {
        let mut world = World::new(seed, Faults::NONE, None);
        world.run().unwrap();
        assert_eq!(world.reference.lock().unwrap().epoch, 2, "seed {seed}");
    }
}

#[test]
fn every_mistake_shows() {
    for (mutation, effects) in [
        // The lock and the public checkpoint both change by `If-Match`; the schedule decides which of them fails first.
        (
            Mutation::StoreIgnoresIfMatch,
            &["the lock went", "the public checkpoint went"][..],
        ),
        (
            Mutation::StoreIgnoresIfNoneMatch,
            &["the public checkpoint went"],
        ),
        (Mutation::AcknowledgesEarly, &["lost: "]),
        (Mutation::WritesFilesEarly, &["poisoned"]),
        (Mutation::EntersEarly, &["poisoned"]),
        (Mutation::ForgetsStaged, &["lost: "]),
        (Mutation::TrustsSilence, &["lost: "]),
        (Mutation::ShowsBlindly, &["the public checkpoint went"]),
        (Mutation::KeepsEpoch, &["two holders"]),
        (Mutation::RemovesDecided, &["stuck"]),
    ] {
        // Each effect occurs in some schedule, and no earlier schedule shows a different one.
        let mut unseen = effects.to_vec();
        for seed in 0..PATIENCE {
            if unseen.is_empty() {
                break;
            }
            let Err(error) = World::new(seed, Faults::STORM, Some(mutation)).run() else {
                continue;
            };
            println!("{mutation:?}: seed {seed}: {error}");
            assert!(
                effects.iter().any(|effect| error.contains(effect)),
                "{mutation:?}: seed {seed}: {error}"
            );
            unseen.retain(|effect| !error.contains(effect));
        }
        assert!(unseen.is_empty(), "{mutation:?} goes unseen: {unseen:?}");
    }
}
