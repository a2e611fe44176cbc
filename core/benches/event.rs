//! Speed of reading events; run with `cargo bench -p glasslog-core --bench event`.

#![expect(clippy::unwrap_used, reason = "benchmarks may fail loudly")]

use core::hint::black_box;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{self, Action, Envelope, Statement, keys_of};
use glasslog_core::merkle::{leaf_hash, sha256};
use glasslog_core::text::{json, wire};

/// An access event as a pipeline writes it, in an envelope with one signature.
fn entry() -> Vec<u8> {
    let payload = format!(
        concat!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","#,
            r#""subject":[{{"name":"resnet50@2.1","digest":{{"sha256":"{digest}"}}}}],"#,
            r#""predicateType":"https://glasslog.dev/artifact-access/v1","predicate":{{"#,
            r#""log":"models.example.com/access","eventId":"0b0e7a26-6ad6-4fb8-9d3f-1f1f6a0e4c3b","#,
            r#""action":"{action}","outcome":"success","occurredAt":"2026-11-25T10:00:00Z","#,
            r#""actor":{{"id":"ci@example.com","type":"workload"}},"#,
            r#""context":{{"environment":"prod","region":"eu-west-1"}}}}}}"#
        ),
        digest = sha256(b"weights").to_hex(),
        action = Action::Read,
    );
    let signer = SecretKey::from_seed(&[7; 32]);
    Envelope::sign(payload.into_bytes(), &[&signer])
        .unwrap()
        .encode()
}

fn events(criterion: &mut Criterion) {
    let entry = entry();
    let parsed = event::parse(&entry).unwrap();
    let payload = parsed.envelope.payload();
    let text = wire::base64_encode(payload);
    let mut group = criterion.benchmark_group(format!("event of {} bytes", entry.len()));
    group.throughput(Throughput::Elements(1));
    group.bench_function("leaf hash", |b| b.iter(|| leaf_hash(black_box(&entry))));
    group.bench_function("base64, decoded", |b| {
        b.iter(|| wire::base64_decode(black_box(&text)))
    });
    group.bench_function("base64, encoded", |b| {
        b.iter(|| wire::base64_encode(black_box(payload)))
    });
    group.bench_function("JSON of the payload", |b| {
        b.iter(|| json::parse(black_box(payload)).unwrap())
    });
    group.bench_function("envelope", |b| {
        b.iter(|| Envelope::parse(black_box(&entry)).unwrap())
    });
    group.bench_function("Statement", |b| {
        b.iter(|| Statement::parse(black_box(payload)).unwrap())
    });
    group.bench_function("whole event", |b| {
        b.iter(|| event::parse(black_box(&entry)).unwrap())
    });
    group.bench_function("lookup keys", |b| b.iter(|| keys_of(black_box(&entry))));
    group.bench_function("hashes of lookup keys", |b| {
        let keys = keys_of(&entry);
        b.iter(|| {
            keys.iter()
                .map(|key| black_box(key).hash())
                .collect::<Vec<_>>()
        })
    });
    group.finish();
}

criterion_group!(benches, events);
criterion_main!(benches);
