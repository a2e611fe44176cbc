//! Ed25519 by the strict rule, one by one and in exact batches: the bound on the speed of a log of signed events.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glasslog_core::crypto::ed25519_batch::{Seed, verify_many};
use glasslog_core::crypto::{PublicKey, SecretKey};
use std::hint::black_box;

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

/// The same signatures in both columns, messages of 200 bytes.
fn batches(criterion: &mut Criterion) {
    for keys in [1, 16, 256] {
        let secrets: Vec<SecretKey> = (0..keys)
            .map(|key: u16| {
                let mut seed = [7; 32];
                seed[..2].copy_from_slice(&key.to_be_bytes());
                SecretKey::from_seed(&seed)
            })
            .collect();
        let signed: Vec<(PublicKey, [u8; 200], [u8; 64])> = (0..4_096u64)
            .zip(secrets.iter().cycle())
            .map(|(number, secret)| {
                let mut message = [1; 200];
                message[..8].copy_from_slice(&number.to_be_bytes());
                (secret.public(), message, secret.sign(&message))
            })
            .collect();
        let all: Vec<(&PublicKey, &[u8], &[u8])> = signed
            .iter()
            .map(|(key, message, signature)| (key, message.as_slice(), signature.as_slice()))
            .collect();
        let mut group = criterion.benchmark_group(format!("ed25519, {keys} keys"));
        for size in [64, 256, 1_024, 4_096u16] {
            let items: Vec<_> = all.iter().take(size.into()).copied().collect();
            group.throughput(Throughput::Elements(size.into()));
            group.bench_function(format!("{size} one by one"), |b| {
                b.iter(|| {
                    let hold = |(key, message, signature): &(&PublicKey, &[u8], &[u8])| {
                        key.verify(message, signature).is_ok()
                    };
                    assert!(black_box(&items).iter().all(hold));
                });
            });
            group.bench_function(format!("{size} together"), |b| {
                b.iter(|| {
                    let verdicts = verify_many(black_box(&items), Seed::new([9; 32]));
                    assert!(verdicts.into_iter().all(|holds| holds));
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, signatures, batches);
criterion_main!(benches);
