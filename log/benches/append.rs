//! Speed of appending, publishing and opening on this disk; run with `cargo bench -p glasslog-log`.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use glasslog_log::{Log, NewLog};
use tempfile::TempDir;

/// Size of entries in bytes: usual for events, and in other logs' benchmarks.
const ENTRY: usize = 512;

/// Makes entries that no log has seen.
struct Entries(u64);

impl Entries {
    fn take(&mut self, count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|_| {
                self.0 += 1;
                let mut entry = self.0.to_be_bytes().to_vec();
                entry.resize(ENTRY, b'.');
                entry
            })
            .collect()
    }
}

fn new_log() -> (TempDir, Log) {
    let directory = tempfile::tempdir().unwrap();
    NewLog::raw("example.com/bench")
        .create(directory.path(), 0)
        .unwrap();
    let log = Log::open(directory.path()).unwrap();
    (directory, log)
}

/// Measures one group until its entries are durable, and until they are public.
fn writing(criterion: &mut Criterion) {
    for (name, publishes) in [("append", false), ("append and publish", true)] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        for count in [1, 100, 1_000] {
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                let (_directory, mut log) = new_log();
                let mut entries = Entries(0);
                bencher.iter_batched(
                    || entries.take(count),
                    |batch| {
                        log.append(batch).unwrap();
                        if publishes {
                            log.publish(0).unwrap();
                        }
                    },
                    criterion::BatchSize::PerIteration,
                );
            });
        }
    }
}

/// Measures opening, which reads and recomputes the whole log.
fn opening(criterion: &mut Criterion) {
    const SIZE: usize = 50_000;
    let (directory, mut log) = new_log();
    log.append(Entries(0).take(SIZE)).unwrap();
    log.publish(0).unwrap();
    drop(log);
    let mut group = criterion.benchmark_group("open");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SIZE as u64));
    group.bench_function(BenchmarkId::from_parameter(SIZE), |bencher| {
        bencher.iter(|| Log::open(directory.path()).unwrap());
    });
}

criterion_group!(benches, writing, opening);
criterion_main!(benches);
