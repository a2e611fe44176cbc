//! Builds a log and its index, looks keys up, and scans the log instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glasslog_core::crypto::SecretKey;
use glasslog_core::fetch::{BundleWriter, Query};
use glasslog_core::index::build::build;
use glasslog_core::index::format::{IndexFile, LATEST_PATH, MapFunction, encode_run};
use glasslog_core::index::read::{BoundIndex, IndexProof, Lookup};
use glasslog_core::merkle::{Hash, leaf_hash, sha256};
use glasslog_core::note::{
    Checkpoint, KeyName, Origin, SignatureType, SignedCheckpoint, SignerKey,
};
use glasslog_core::report::{CheckCode, Outcome};
use glasslog_core::text::wire::base64_encode;
use glasslog_core::tiles::{Edge, PublicFile, bundles_between, parse_entries};
use glasslog_core::trust::TrustPolicy;
use glasslog_core::verify::{HistoryQuery, Options};
use glasslog_log::LogError;
use glasslog_log::Schedule;
use glasslog_log::index::{Indexer, LogFiles};

use crate::events::{Dice, Events, Population, artifact, artifact_keys};

const MAP: MapFunction = MapFunction::AccessV2;
/// Entries between two manifests of a log that is indexed while it grows.
pub(crate) const CADENCE: u64 = 256;
/// The largest log that is indexed while it grows: beyond, it takes as long again for each entry.
const MOST_GROWN: u64 = 1_000_000;
/// Keys that are looked up.
const LOOKUPS: u64 = 300;
/// Buckets that are kept to be verified elsewhere.
const MOST_SAMPLES: u32 = 1_000;
const NOW: u64 = 1_795_467_600;

/// A folder as a host serves it.
struct Host(PathBuf);

impl Host {
    fn get(&self, path: &str) -> Vec<u8> {
        fs::read(self.0.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn put(&self, file: &PublicFile) {
        let path = self.0.join(&file.path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, &file.bytes).expect("written");
    }
}

impl LogFiles for Host {
    fn read(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, LogError> {
        Ok(paths
            .iter()
            .map(|path| fs::read(self.0.join(path)).ok())
            .collect())
    }
}

fn key(name: &str, seed: u8) -> SignerKey {
    let name = KeyName::parse(name).expect("a name");
    SignerKey::new(
        name,
        SignatureType::Ed25519,
        SecretKey::from_seed(&[seed; 32]),
    )
}

/// Measures one size; the fields are named in `xtask/src/bench/index.rs`.
///
/// Its files stay: on some file systems new files take long for minutes after many were removed.
pub(crate) fn growth(folder: &Path, size: u64) -> String {
    let folder = folder.join(size.to_string());
    let told = Instant::now();
    let tell = |what: &str| {
        let seconds = told.elapsed().as_secs_f64();
        eprintln!("{size} events, after {seconds:.0} s: {what}");
    };
    tell("making the log");
    let log = Host(folder.join("log"));
    let (log_key, index_key) = (
        key("bench.example/events", 1),
        key("bench.example/index", 2),
    );
    let checkpoints = make_log(&log, size, &log_key);
    let newest = checkpoints.last().expect("a checkpoint");
    fs::write(log.0.join("checkpoint"), newest.checkpoint().encode()).expect("written");

    // From the log alone, at once.
    tell("building its index");
    clear_peak();
    let began = Instant::now();
    let mut indexer = indexer(&folder.join("rebuilt"));
    indexer
        .extend(&log, newest, true, NOW, &|_, _| {})
        .expect("indexed");
    let built = began.elapsed();
    let memory = peak();
    let runs = indexer.manifest().expect("a manifest").runs().len();
    drop(indexer);

    tell("indexing it while it grows");
    let grown = (size <= MOST_GROWN).then(|| grow(&folder.join("grown"), &log, &checkpoints));
    let host = Host(folder.join("rebuilt/public"));
    let trust_text = format!(
        "[log]\nlog {}\nquorum none\n[index]\nlog {}\nquorum none\n",
        log_key.verifier(),
        index_key.verifier()
    );
    let trust = TrustPolicy::parse(trust_text.as_bytes()).expect("a policy");
    let index = bind(&log, &host, newest, &trust);
    tell("looking keys up");
    let lookups = lookups(&host, &index, size);
    let samples = folder.with_extension("buckets");
    fs::write(&samples, &lookups.samples).expect("written");
    let bundle = bundle(&log, &host, &trust_text, size);
    tell("building a run on one core");
    let (keys, alone, pairs_alone) = on_one_core(&log, size);
    tell("scanning the log instead");
    let scan = scan(&log, size);
    tell("done");
    let written = |of: fn(&Grown) -> f64, digits: usize| {
        let each = grown.as_ref().map(|grown| of(grown) / size as f64);
        each.map_or_else(|| "-".into(), |each| format!("{each:.digits$}"))
    };
    let fields = [
        format!("{size}"),
        format!("{runs}"),
        format!("{:.0}", keys as f64 / alone.as_secs_f64()),
        format!("{:.0}", keys as f64 / pairs_alone.as_secs_f64()),
        format!("{:.2}", built.as_secs_f64()),
        written(|grown| grown.seconds * 1e6, 0),
        written(|grown| grown.files as f64, 4),
        written(|grown| grown.bytes as f64, 0),
        format!("{:.1}", lookups.mean(|lookup| lookup.gets)),
        format!("{:.0}", lookups.top(|lookup| lookup.gets)),
        format!("{:.0}", lookups.mean(|lookup| lookup.bytes)),
        format!("{:.0}", lookups.top(|lookup| lookup.bytes)),
        format!("{:.1}", lookups.verify_micros),
        samples.to_str().expect("a path that is text").to_owned(),
        format!("{bundle}"),
        format!("{}", memory >> 20),
        format!("{}", scan.gets),
        format!("{}", scan.bytes),
        format!("{:.2}", scan.seconds),
    ];
    fields.join("\t")
}

/// Costs of indexing a log while it grew.
struct Grown {
    seconds: f64,
    files: u64,
    bytes: u64,
}

/// Publishes a manifest for each checkpoint and joins what can be, with all that is written and superseded left in place.
fn grow(folder: &Path, log: &Host, checkpoints: &[SignedCheckpoint]) -> Grown {
    let began = Instant::now();
    let mut indexer = indexer(folder);
    for checkpoint in checkpoints {
        indexer
            .extend(log, checkpoint, false, NOW, &|_, _| {})
            .expect("indexed");
        while indexer.join(NOW).expect("joined") {}
    }
    drop(indexer);
    let seconds = began.elapsed().as_secs_f64();
    let (files, bytes) = count(&folder.join("public/index"));
    Grown {
        seconds,
        files,
        bytes,
    }
}

/// Bytes of an offline bundle with the history of the artifact that half of all have fewer events than.
fn bundle(log: &Host, index: &Host, trust: &str, size: u64) -> usize {
    let artifact = artifact(Population::of(size).artifacts.count() / 2);
    let options = Options {
        now: NOW,
        require: None,
        max_checkpoint_age: None,
        full_scan: false,
        // A bundle by the index is measured.
        accept_index: true,
        state: false,
    };
    let mut query =
        HistoryQuery::new(&artifact, trust.as_bytes(), options, false).expect("a query");
    let mut bundle = BundleWriter::new(&artifact, false);
    while let Some(path) = query.needs().first().cloned() {
        let host = if path.starts_with("index/") {
            index
        } else {
            log
        };
        let file = fs::read(host.0.join(&path)).ok();
        if let Some(bytes) = &file {
            bundle.add(&path, bytes).expect("room");
        }
        query.supply(&path, file);
    }
    let report = query.into_report().expect("a report");
    let coverage = report
        .checks
        .iter()
        .find(|check| check.code == CheckCode::Coverage);
    let coverage = coverage.expect("a coverage");
    assert_eq!(coverage.outcome, Outcome::Pass, "{}", report.to_json());
    bundle.finish().len()
}

fn indexer(path: &Path) -> Indexer {
    Indexer::of(
        path,
        key("bench.example/index", 2),
        MAP,
        Schedule::default(),
    )
    .expect("an index")
}

/// Writes the public files of a log, without syncing them, and signs a checkpoint now and then.
fn make_log(host: &Host, size: u64, key: &SignerKey) -> Vec<SignedCheckpoint> {
    let origin = Origin::parse("bench.example/events").expect("an origin");
    let mut edge = Edge::new();
    let mut checkpoints = Vec::new();
    let mut since = 0;
    for entry in Events::of(size).take(usize::try_from(size).expect("a size")) {
        edge.append(&entry, |file| host.put(&file))
            .expect("appended");
        if edge.size().is_multiple_of(CADENCE) || edge.size() == size {
            edge.partials(since).iter().for_each(|file| host.put(file));
            since = edge.size();
            let checkpoint = Checkpoint::sign(&origin, edge.head(), key).expect("signed");
            let signed = SignedCheckpoint::new(&checkpoint, &[key.verifier()]);
            checkpoints.push(signed.expect("signed by the key"));
        }
    }
    checkpoints
}

fn bind(log: &Host, host: &Host, checkpoint: &SignedCheckpoint, trust: &TrustPolicy) -> BoundIndex {
    let (_, target) = trust.verify_log(checkpoint.checkpoint(), NOW);
    let proof = IndexProof::parse(&host.get(LATEST_PATH)).expect("a proof");
    let (_, vouched) = proof.vouch(trust, MAP, NOW);
    let plan = vouched
        .expect("vouched")
        .bind(&target.expect("trusted"))
        .expect("bound");
    let tiles: BTreeMap<_, _> = plan
        .tiles()
        .iter()
        .map(|tile| (*tile, log.get(&tile.path())))
        .collect();
    plan.finish(&tiles).expect("consistent")
}

struct OneLookup {
    gets: u64,
    bytes: u64,
}

struct Lookups {
    each: Vec<OneLookup>,
    /// Of one run's bucket, in the mean.
    verify_micros: f64,
    /// Some of the buckets, for whoever verifies them elsewhere: line by line the run, the number, and the file in base64.
    samples: String,
}

impl Lookups {
    fn mean(&self, of: impl Fn(&OneLookup) -> u64) -> f64 {
        self.each.iter().map(of).sum::<u64>() as f64 / self.each.len() as f64
    }

    /// The 99th percentile.
    fn top(&self, of: impl Fn(&OneLookup) -> u64) -> u64 {
        let mut all: Vec<u64> = self.each.iter().map(of).collect();
        all.sort_unstable();
        all[(all.len() * 99).div_ceil(100) - 1]
    }
}

/// Looks up versions, each as likely as any other, and so mostly such as have few events.
fn lookups(host: &Host, index: &BoundIndex, size: u64) -> Lookups {
    let latest = host.get(LATEST_PATH).len() as u64;
    let artifacts = Population::of(size).artifacts.count();
    let mut dice = Dice(99);
    let (mut each, mut spent, mut buckets) = (Vec::new(), Duration::ZERO, 0u32);
    let mut samples = String::new();
    for _ in 0..LOOKUPS {
        let rank = (dice.roll() * artifacts as f64) as u64;
        let key = artifact_keys(rank)[0].hash();
        let mut lookup = Lookup::new(index, BTreeSet::from([key]));
        let mut cost = OneLookup {
            gets: 1,
            bytes: latest,
        };
        while !lookup.is_done() {
            for file in lookup.next_files(64) {
                let bytes = host.get(&file.path());
                cost.gets += 1;
                cost.bytes += bytes.len() as u64;
                let began = Instant::now();
                lookup.supply(&file, &bytes).expect("a right file");
                let took = began.elapsed();
                if let IndexFile::Bucket { root, number } = file {
                    spent += took;
                    buckets += 1;
                    if buckets <= MOST_SAMPLES {
                        let runs = index.manifest().runs();
                        let run = runs.iter().find(|run| run.root == root);
                        let run = encode_run(run.expect("a run of the manifest"));
                        samples.push_str(&format!("{run}\t{number}\t{}\n", base64_encode(&bytes)));
                    }
                }
            }
        }
        lookup.finish().expect("an answer");
        each.push(cost);
    }
    let verify_micros = spent.as_secs_f64() * 1e6 / f64::from(buckets);
    Lookups {
        each,
        verify_micros,
        samples,
    }
}

/// Builds one run of at most 2^16 entries in memory, on one core: keys, the time from entries, and that from pairs.
fn on_one_core(log: &Host, size: u64) -> (u64, Duration, Duration) {
    let size = size.min(1 << 16);
    let mut entries = Vec::new();
    for bundle in bundles_between(0, size) {
        let path = log.0.join(bundle.path());
        let (bytes, width) = match fs::read(path) {
            Ok(bytes) => (bytes, bundle.width()),
            Err(_) => (log.get(&bundle.full().path()), bundle.full().width()),
        };
        let found = parse_entries(&bytes, width).expect("entries");
        entries.extend(
            found
                .iter()
                .take(bundle.width().into())
                .map(|entry| entry.to_vec()),
        );
    }
    let began = Instant::now();
    let mut pairs: Vec<(Hash, u32)> = Vec::new();
    for (offset, entry) in (0u32..).zip(&entries) {
        pairs.extend(MAP.keys(entry).into_iter().map(|key| (key, offset)));
    }
    let keys = pairs.len() as u64;
    let sorting = Instant::now();
    let run = build(MAP, 0..size, pairs).expect("a run");
    let written: usize = run.files().map(|(_, bytes)| bytes.len()).sum();
    assert!(written > 0);
    (keys, began.elapsed(), sorting.elapsed())
}

struct Scan {
    gets: u64,
    bytes: u64,
    seconds: f64,
}

/// Costs without an index: every entry, its hash, and a look at its subjects.
fn scan(log: &Host, size: u64) -> Scan {
    let began = Instant::now();
    let wanted = artifact_keys(0)[0].hash();
    let (mut gets, mut read, mut found) = (1, 0, 0u64);
    for bundle in bundles_between(0, size) {
        let bytes = log.get(&bundle.path());
        gets += 1;
        read += bytes.len() as u64;
        for entry in parse_entries(&bytes, bundle.width()).expect("entries") {
            assert_ne!(leaf_hash(entry), sha256(b""));
            found += u64::from(MAP.keys(entry).contains(&wanted));
        }
    }
    assert!(found > 0);
    Scan {
        gets,
        bytes: read,
        seconds: began.elapsed().as_secs_f64(),
    }
}

/// Files and bytes below a folder.
fn count(folder: &Path) -> (u64, u64) {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let meta = entry.metadata().expect("its size");
        let (more, longer) = match meta.is_dir() {
            true => count(&entry.path()),
            false => (1, meta.len()),
        };
        files += more;
        bytes += longer;
    }
    (files, bytes)
}

/// Forgets the largest memory so far (Linux); where that cannot be, the number is that of the whole process.
fn clear_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The largest memory since then, in bytes; 0 where that is not told.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}
