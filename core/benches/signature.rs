//! Ed25519 by the strict rule: what bounds a log of signed events.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glasslog_core::ed25519::{PublicKey, SecretKey};

fn signatures(criterion: &mut Criterion) {
    let secret = SecretKey::from_seed(&[7; 32]);
    let public = secret.public();
    let message = [1; 200];
    let signature = secret.sign(&message);
    let mut group = criterion.benchmark_group("ed25519");
    group.throughput(Throughput::Elements(1));
    group.bench_function("sign", |b| b.iter(|| secret.sign(&message)));
    group.bench_function("verify", |b| b.iter(|| public.verify(&message, &signature)));
    group.bench_function("admit a key", |b| {
        b.iter(|| PublicKey::from_bytes(public.as_bytes()))
    });
    group.finish();
}

criterion_group!(benches, signatures);
criterion_main!(benches);
