//! The lock of a log in a bucket: one encoding; its batches follow each other from its head on.
#![no_main]

use glasslog_core::object_store::Lock;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(lock) = canonical(bytes, Lock::parse, Lock::encode) else {
        return;
    };
    let mut end = lock.size();
    for (nth, batch) in lock.staged.iter().enumerate() {
        // A batch that was staged before the head may begin under it.
        assert!(batch.first == end || nth == 0 && batch.first < end);
        assert!(batch.end() > end);
        end = batch.end();
    }
    assert_eq!(end, lock.end());
});
