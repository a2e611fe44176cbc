//! Random bytes of the operating system, for secrets that live as long as one reading.

use glasslog_core::crypto::ed25519_batch::Seed;

/// Draws the seed of a batch. The signatures of the batch must be fixed by then.
pub(crate) fn seed() -> Seed {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    Seed::new(bytes)
}

/// Fills a buffer with random bytes.
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}
