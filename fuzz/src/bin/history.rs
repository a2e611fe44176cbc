//! A history fed with any bytes for each file that it needs: it ends, and is never *verified*.
#![no_main]

use glasslog_core::fetch::Query;
use glasslog_core::report::Class;
use glasslog_core::verify::{HistoryQuery, Options};
use glasslog_fuzz::{CHECKPOINT, POLICY};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|files: Vec<&[u8]>| {
    // The policy names an index: the query runs once through it and once by a full scan.
    for full_scan in [false, true] {
        feed(&files, full_scan);
    }
});

fn feed(files: &[&[u8]], full_scan: bool) {
    let options = Options {
        now: 1_795_467_600,
        require: None,
        max_checkpoint_age: None,
        full_scan,
        accept_index: true,
        state: false,
    };
    let Ok(mut query) = HistoryQuery::new("model@1", POLICY, options, false) else {
        panic!("a good question")
    };
    query.supply("checkpoint", Some(CHECKPOINT.to_vec()));
    let mut files = files.iter();
    let mut waves = 0;
    loop {
        let needs = query.needs();
        if needs.is_empty() {
            break;
        }
        for path in needs {
            // The input has no file for the path, so it is missing.
            query.supply(&path, files.next().map(|file| file.to_vec()));
        }
        waves += 1;
        assert!(waves < 100, "the query asks without end");
    }
    assert!(
        query
            .report()
            .is_some_and(|report| report.class() != Class::Verified)
    );
}
