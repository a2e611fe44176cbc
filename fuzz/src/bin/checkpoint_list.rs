//! Lists of archived checkpoints: one encoding each, and no page beyond those that are named.
#![no_main]

use glasslog_core::fetch::CheckpointList;
use glasslog_fuzz::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parse = |bytes: &[u8]| CheckpointList::parse(bytes).ok_or(());
    let Some(list) = canonical(bytes, parse, CheckpointList::encode) else {
        return;
    };
    let sizes = list.sizes();
    for index in sizes
        .iter()
        .flat_map(|size| [size.saturating_sub(1), *size])
    {
        let page = list.page_around(index);
        assert!(page.is_none_or(|page| page < sizes.len() as u64));
    }
});
