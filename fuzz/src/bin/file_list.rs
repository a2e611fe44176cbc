//! Lists of a folder's files: parsing never panics, a list has one spelling, and equal folders do not differ.
#![no_main]

use glasslog_core::event::FileList;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(list) = FileList::parse(bytes) else {
        return;
    };
    assert_eq!(list.encode().as_bytes(), bytes);
    assert!(list.compare(list.files()).is_empty());
    let again = FileList::new(list.files().iter().rev().cloned().collect());
    assert_eq!(again.as_ref(), Ok(&list));
    assert!(list.largest(8).len() <= 8);
});
