//! The index of a log whose keys alone would be gigabytes: its runs' buckets are formed for a sample of all keys, those
//! whose hash begins with some bits, and what they come to is multiplied; the few keys that most events carry are all there. Memory and time grow with the number of
//! artifacts in the sample, not with that of events.

use glasslog_core::index::build::{BUCKET_LOAD, UNIT, fan_in, partition};
use glasslog_core::merkle::Hash;
use glasslog_core::text::limits::{MAX_INLINE, MAX_RUN};

use crate::events::{Dice, Population, actor, artifact_keys, name_key, signer};
use crate::measure::CADENCE;
use glasslog_core::event::{KeyKind, LookupKey};

/// One of 2^6 keys is in the sample, or more where there are few.
const MOST_SAMPLE_BITS: u32 = 6;
/// Artifacts that are not sampled: each has far more events than others.
const HEAD: u64 = 4_096;

struct Key {
    hash: Hash,
    /// Of all events, those that carry it.
    share: f64,
    /// Number of keys that it represents.
    scale: f64,
    /// Set for a version of the sample, which is looked up.
    is_wanted: bool,
}

/// A run of the sample: for each key its count, and the bytes of its record; bits and bytes of the whole.
struct Run {
    files: f64,
    bytes: f64,
    /// Mean and 99th percentile of what a lookup of a version takes: bucket, path, list.
    each: Vec<(u64, u64)>,
}

/// Simulates one size; the fields are those of a real log, with `-` for what is not simulated.
pub(crate) fn growth(size: u64) -> String {
    let population = Population::of(size);
    let artifacts = population.artifacts.count();
    let sample_bits = (artifacts / 20_000).max(1).ilog2().min(MOST_SAMPLE_BITS);
    let keys = sample(&population, sample_bits);
    let mut dice = Dice(size);
    let mut written = (0.0, 0.0);
    let mut write = |width: u64, times: f64| {
        let run = simulate(&keys, sample_bits, width, &mut dice);
        written.0 += run.files / width as f64 * times;
        written.1 += run.bytes / width as f64 * times;
    };
    // Each entry is written again in a run of each width.
    let mut width = MAX_RUN;
    while width >= UNIT {
        if width <= size {
            write(width, 1.0);
        }
        width /= fan_in(width);
    }
    // The tail, once for each manifest until it is a unit.
    for tail in (CADENCE..UNIT).step_by(CADENCE as usize) {
        write(tail, tail as f64 / UNIT as f64);
    }
    let runs = partition(size);
    let versions = keys.iter().filter(|key| key.is_wanted).count();
    let mut each = vec![(1u64, 0u64); versions];
    for range in &runs {
        let run = simulate(&keys, sample_bits, range.end - range.start, &mut dice);
        for ((gets, bytes), (more, longer)) in each.iter_mut().zip(&run.each) {
            *gets += more;
            *bytes += longer;
        }
    }
    // The manifest and its proof.
    let latest = 600 + 130 * runs.len() as u64;
    let mut gets: Vec<u64> = each.iter().map(|(gets, _)| *gets).collect();
    let mut bytes: Vec<u64> = each.iter().map(|(_, bytes)| bytes + latest).collect();
    let mean = |all: &[u64]| all.iter().sum::<u64>() as f64 / all.len() as f64;
    let (mean_gets, mean_bytes) = (mean(&gets), mean(&bytes));
    let top = |all: &mut Vec<u64>| {
        all.sort_unstable();
        all[(all.len() * 99).div_ceil(100) - 1]
    };
    let none = || "-".to_owned();
    [
        format!("{size}"),
        format!("{}", runs.len()),
        none(),
        none(),
        none(),
        none(),
        format!("{:.4}", written.0),
        format!("{:.0}", written.1),
        format!("{mean_gets:.1}"),
        format!("{}", top(&mut gets)),
        format!("{mean_bytes:.0}"),
        format!("{}", top(&mut bytes)),
        none(),
        none(),
        none(),
        none(),
        format!("{}", size / 256),
        none(),
        none(),
    ]
    .join("\t")
}

/// The keys of the sample, in order of their hashes.
fn sample(population: &Population, bits: u32) -> Vec<Key> {
    let mut keys = Vec::new();
    let scale = f64::from(1u32 << bits);
    let mut add = |key: &LookupKey, share: f64, is_head: bool| {
        let hash = key.hash();
        let first = u32::from_be_bytes(*hash.as_bytes().first_chunk().expect("32 bytes"));
        let is_in_sample = bits == 0 || first >> (32 - bits) == 0;
        if is_in_sample || is_head {
            keys.push(Key {
                hash,
                share,
                scale: if is_head { 1.0 } else { scale },
                is_wanted: is_in_sample && key.kind == KeyKind::Version,
            });
        }
    };
    let artifacts = population.artifacts;
    for rank in 0..artifacts.count() {
        for key in artifact_keys(rank) {
            add(&key, artifacts.share(rank), rank < HEAD);
        }
        if rank % 5 == 0 {
            let versions = rank..artifacts.count().min(rank + 5);
            let share = versions.map(|rank| artifacts.share(rank)).sum();
            add(&name_key(rank), share, rank < HEAD);
        }
    }
    for rank in 0..population.actors.count() {
        add(
            &LookupKey::new(KeyKind::Actor, actor(rank)),
            population.actors.share(rank),
            true,
        );
    }
    for rank in 0..population.signers.count() {
        let key = LookupKey::new(KeyKind::SigningKey, signer(rank));
        add(&key, population.signers.share(rank), true);
    }
    keys.sort_unstable_by_key(|key| key.hash);
    keys
}

/// Forms the buckets of the sample in a run of so many entries.
fn simulate(keys: &[Key], sample_bits: u32, width: u64, dice: &mut Dice) -> Run {
    let counts: Vec<u64> = keys
        .iter()
        .map(|key| poisson(key.share * width as f64, dice))
        .collect();
    let record = |count: u64| match count {
        0 => 0,
        count if count <= u64::from(MAX_INLINE) => 36 + 4 * count,
        _ => 36 + 32,
    };
    let scaled = keys
        .iter()
        .zip(&counts)
        .map(|(key, count)| record(*count) as f64 * key.scale);
    let total: f64 = scaled.sum();
    let bits = (0..32)
        .find(|bits| total <= (BUCKET_LOAD << bits) as f64)
        .unwrap_or(32);
    let number = |key: &Key| {
        let first = u64::from_be_bytes(*key.hash.as_bytes().first_chunk().expect("32 bytes"));
        if bits == 0 { 0 } else { first >> (64 - bits) }
    };
    let mut buckets = std::collections::BTreeMap::new();
    for (key, count) in keys.iter().zip(&counts) {
        *buckets.entry(number(key)).or_insert(0u64) += record(*count);
    }
    // In a run with fewer buckets than the sample has parts, a bucket holds more than the sample shows.
    let beyond = f64::from(1u32 << sample_bits.saturating_sub(bits));
    let path = u64::from(bits) * 32;
    let mut each = Vec::new();
    let (mut lists, mut list_bytes) = (0.0, 0.0);
    for (key, count) in keys.iter().zip(&counts) {
        let chunks = if *count > u64::from(MAX_INLINE) {
            count.div_ceil(4_096)
        } else {
            0
        };
        let leaves = u64::from(chunks > 1);
        let list = if chunks > 0 {
            chunks * 4 + count * 4 + leaves * chunks * 32
        } else {
            0
        };
        lists += (chunks + leaves) as f64 * key.scale;
        list_bytes += list as f64 * key.scale;
        if key.is_wanted {
            let bucket = buckets.get(&number(key)).copied().unwrap_or(0) as f64 * beyond;
            each.push((1 + chunks + leaves, bucket as u64 + path + list));
        }
    }
    Run {
        files: f64::powi(2.0, bits as i32) + lists,
        bytes: total + f64::powi(2.0, bits as i32) * path as f64 + list_bytes,
        each,
    }
}

/// Draws from the Poisson distribution with this mean; beyond 64 from the normal distribution.
fn poisson(mean: f64, dice: &mut Dice) -> u64 {
    if mean > 64.0 {
        let (a, b) = (dice.roll().max(1e-12), dice.roll());
        let normal = (-2.0 * a.ln()).sqrt() * (b * core::f64::consts::TAU).cos();
        return (mean + mean.sqrt() * normal).round().max(0.0) as u64;
    }
    let (limit, mut product, mut count) = ((-mean).exp(), dice.roll(), 0);
    while product > limit {
        product *= dice.roll();
        count += 1;
    }
    count
}
