//! Keys of actors in PEM, public and secret: a parsed key is encoded as the same key.
#![no_main]

use glasslog_core::event::{Spki, parse_secret_pem};
use glasslog_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let pem = text(bytes);
    if let Ok((key, actor)) = Spki::parse_pem(pem) {
        let written = key.to_pem(actor.as_deref().unwrap_or("actor"));
        assert_eq!(Spki::parse_pem(&written).map(|(key, _)| key), Ok(key));
    }
    let _ = Spki::parse_pem_block(pem);
    let _ = parse_secret_pem(pem);
});
